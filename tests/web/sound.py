"""What a page sends to the loudspeakers."""

from playwright.sync_api import Page

#: Measures what is connected to the destination of an audio context.
_LISTEN = """(() => {
    const connect = AudioNode.prototype.connect;
    const sound = window.sound = {level: 0, clicked: 0, heard: 0};
    AudioNode.prototype.connect = function (target, ...rest) {
        if (target instanceof AudioDestinationNode) {
            const tap = this.context.createAnalyser();
            connect.call(this, tap);
            const samples = new Float32Array(tap.fftSize);
            setInterval(() => {
                tap.getFloatTimeDomainData(samples);
                sound.level = Math.max(...samples.map(Math.abs));
                if (sound.level > 0.003 && !sound.heard) sound.heard = performance.now();
            }, 5);
        }
        return connect.call(this, target, ...rest);
    };
    document.addEventListener('click', () => Object.assign(sound, {clicked: performance.now(), heard: 0}), true);
})()"""
#: Functions instead of `wait_for_function`, which the content security policy refuses.
_HEARD = """limit => new Promise((resolve, reject) => {
    setInterval(() => sound.heard && resolve(sound.heard - sound.clicked), 5);
    setTimeout(() => reject(new Error('silence')), limit);
})"""


def listen(page: Page) -> None:
    """Measure the sound of the pages that are opened from now on."""
    page.add_init_script(_LISTEN)


def milliseconds_to_sound(page: Page, limit_seconds: float = 60) -> float:
    """Wait for sound; returns the time since the last click."""
    return float(page.evaluate(_HEARD, limit_seconds * 1000))
