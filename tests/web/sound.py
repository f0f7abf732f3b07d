"""What a page sends to the loudspeakers, and when."""

from playwright.sync_api import Page

#: Measures what is connected to the destination of an audio context, from the last click on: the times at which the
#: request was sent, its answer and the first notes arrived, the synthesiser got its first note, and sound was heard.
#: What sounds at the click is counted as silence until the output was quiet once.
_LISTEN = """(() => {
    const connect = AudioNode.prototype.connect;
    const none = {quiet: 0, sent: 0, accepted: 0, composed: 0, played: 0, heard: 0};
    const sound = window.sound = {level: 0, clicked: 0, ...none};
    AudioNode.prototype.connect = function (target, ...rest) {
        if (target instanceof AudioDestinationNode) {
            const tap = this.context.createAnalyser();
            tap.fftSize = 512;
            connect.call(this, tap);
            const samples = new Float32Array(tap.fftSize);
            setInterval(() => {
                tap.getFloatTimeDomainData(samples);
                sound.level = Math.max(...samples.map(Math.abs));
                if (sound.level <= 0.003) sound.quiet ||= performance.now();
                else if (sound.quiet) sound.heard ||= performance.now();
            }, 5);
        }
        return connect.call(this, target, ...rest);
    };
    document.addEventListener('click', () => {
        Object.assign(sound, none);
        sound.clicked = performance.now();
    }, true);
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (message, ...rest) {
        const [status, , velocity] = message?.data?.messageData ?? [];
        // Instruments are warmed up with a velocity of 1.
        if ((status & 0xf0) === 0x90 && velocity > 1) sound.played ||= performance.now();
        return post.call(this, message, ...rest);
    };
    const fetch = window.fetch;
    window.fetch = async function (resource, options) {
        const path = new URL(resource.url ?? resource, location.href).pathname;
        const isRequest = path === '/api/v1/generations';
        if (isRequest) sound.sent ||= performance.now();
        const response = await fetch.call(this, resource, options);
        if (isRequest) sound.accepted ||= performance.now();
        if (!path.endsWith('/events') || !response.body) return response;
        const decoder = new TextDecoder();
        const body = response.body.pipeThrough(new TransformStream({transform: (chunk, controller) => {
            const isNotes = decoder.decode(chunk, {stream: true}).includes('event: notes');
            // Not those of the piece before.
            if (isNotes && sound.accepted) sound.composed ||= performance.now();
            controller.enqueue(chunk);
        }}));
        return new Response(body, {status: response.status, headers: response.headers});
    };
})()"""
#: Functions instead of `wait_for_function`, which the content security policy refuses.
_HEARD = """limit => new Promise((resolve, reject) => {
    setInterval(() => sound.heard && resolve(sound), 5);
    setTimeout(() => reject(new Error('silence')), limit);
})"""
_QUIET = """async seconds => {
    let since = performance.now();
    while (performance.now() - since < seconds * 1000) {
        await new Promise(resolve => setTimeout(resolve, 5));
        if (sound.level > 0.003) since = performance.now();
    }
}"""


def listen(page: Page) -> None:
    """Measure the sound of the pages that are opened from now on."""
    page.add_init_script(_LISTEN)


def wait_for_quiet(page: Page, seconds: float = 0.5) -> None:
    """Wait until the page has been silent for some seconds."""
    page.evaluate(_QUIET, seconds)


def milliseconds_to_sound(page: Page, limit_seconds: float = 60) -> float:
    """Wait for sound; returns the time since the last click."""
    return stages_to_sound(page, limit_seconds)["heard"]


def stages_to_sound(page: Page, limit_seconds: float = 60) -> dict[str, float]:
    """Wait for sound; returns the milliseconds from the last click to each stage, in their order."""
    times = page.evaluate(_HEARD, limit_seconds * 1000)
    return {name: times[name] - times["clicked"] for name in ("sent", "accepted", "composed", "played", "heard")}
