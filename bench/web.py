"""`make bench-web`: size and first paint of the first visit, frame rates of the piano roll and of the editor.

The last line is a JSON object: `initial_kb` (all transfers of the home page, including fonts), `fcp_ms` (first
contentful paint, median of the visits, CPU throttled by four), `layout_shift` (maximum of the visits), `roll_fps`
(frames per second while a roll of 5,000 notes is redrawn for each frame), `editor_fps` and `editor_all_fps` (the same
while the editor scrolls through 10,000 notes, with some bars visible and with all of them), `first_sound_ms` (from a
click on Compose to sound on a first visit, which loads the synthesiser) and `click_to_sound_ms` (with the SoundFont
loaded, median). Medians of the stages of the latter: `accepted_ms` from the click to the answer to the request,
`composed_ms` from there to the first notes, `scheduled_ms` from there to the first message for the synthesiser,
`heard_ms` from there to sound.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from product import Product

sys.path.insert(0, str(Path(__file__).parents[1]))

from report import report

from tests.web.sound import listen, stages_to_sound, wait_for_quiet
from tests.web.transfer import Transfer

VISITS = 5
NOTES = 5_000
EDITED_NOTES = 10_000
PIECES = 5
#: Stages of `stages_to_sound`, and what they are called in the results.
STAGES = {"accepted": "accepted", "composed": "composed", "played": "scheduled", "heard": "heard"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_OBSERVE = """
    window.shift = 0;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({type: 'layout-shift', buffered: true});
"""
# A different height for each frame, so that the roll is redrawn completely.
_FRAMES = """async () => {
    const roll = document.querySelector('e-piano-roll');
    const begin = performance.now();
    let frames = 0;
    await new Promise(done => {
        const frame = () => {
            roll.style.height = 300 + frames++ % 2 + 'px';
            if (performance.now() - begin < 3000) requestAnimationFrame(frame); else done();
        };
        requestAnimationFrame(frame);
    });
    return frames / ((performance.now() - begin) / 1000);
}"""

# Scrolls by some pixels for each frame, so that the editor paints again.
_EDITOR_FRAMES = """async () => {
    const surface = document.querySelector('e-editor-roll .surface');
    const scroll = delta => new WheelEvent('wheel', {deltaX: delta, deltaY: delta, bubbles: true, cancelable: true});
    const begin = performance.now();
    let frames = 0;
    await new Promise(done => {
        const frame = () => {
            surface.dispatchEvent(scroll(frames++ % 60 < 30 ? 12 : -12));
            if (performance.now() - begin < 3000) requestAnimationFrame(frame); else done();
        };
        requestAnimationFrame(frame);
    });
    return frames / ((performance.now() - begin) / 1000);
}"""


def midi(count: int) -> bytes:
    """Return a piece of `count` notes."""
    pitches = [40 + index * 7 % 48 for index in range(count)]
    body = b"".join(bytes([0, 0x90, pitch, 60 + pitch % 60, 12, 0x80, pitch, 0]) for pitch in pitches)
    body += bytes([0, 0xFF, 0x2F, 0])
    return b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96]) + b"MTrk" + len(body).to_bytes(4, "big") + body


def visit(browser: Browser, url: str) -> dict[str, float]:
    """Return kilobytes, milliseconds and layout shift of a first visit to the home page, with a throttled CPU."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(_OBSERVE)
    page = context.new_page()
    transfer = Transfer(page)
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(url, timeout=60_000)
    # The samples of the first models are drawn last.
    page.locator("e-model-sample canvas").first.wait_for(timeout=60_000)
    transfer.settle()
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    shift = page.evaluate("window.shift")
    context.close()
    return {"kb": transfer.kilobytes, "fcp": paint, "shift": shift}


def roll_frames(context: BrowserContext, url: str) -> float:
    """Return the frames per second of a roll of NOTES notes, for an imported piece."""
    page = context.new_page()
    page.goto(f"{url}/register")
    page.get_by_label("Name", exact=True).fill("bench")
    page.get_by_label("Password", exact=True).fill("a bench, not a chair")
    page.get_by_role("button", name="Create account").click()
    # After the recovery codes.
    page.get_by_role("button", name="Continue").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "long.mid", "mimeType": "audio/midi", "buffer": midi(NOTES)}
    )
    page.get_by_role("link", name="long").click()
    page.get_by_text(f"Piano roll, {NOTES} notes").wait_for(state="attached")
    return float(page.evaluate(_FRAMES))


def editor_frames(context: BrowserContext, url: str) -> tuple[float, float]:
    """Return the frames per second of the editor with EDITED_NOTES notes: with some bars visible, and with all."""
    page = context.new_page()
    page.goto(f"{url}/library")
    page.locator("input[type=file]").set_input_files(
        {"name": "edited.mid", "mimeType": "audio/midi", "buffer": midi(EDITED_NOTES)}
    )
    page.get_by_role("link", name="edited").click()
    page.get_by_role("link", name="Edit notes").click()
    page.get_by_text(f"The piece has {EDITED_NOTES} notes").first.wait_for(state="attached")
    some = float(page.evaluate(_EDITOR_FRAMES))
    page.get_by_role("button", name="Show all").click()
    return some, float(page.evaluate(_EDITOR_FRAMES))


def sounds(context: BrowserContext, url: str) -> list[dict[str, float]]:
    """Return `stages_to_sound` for a click on Compose, of a first visit and of the pieces after it."""
    context.set_default_timeout(60_000)
    page = context.new_page()
    listen(page)
    page.goto(url)
    times = []
    for _ in range(1 + PIECES):
        page.get_by_role("button", name="Compose", exact=True).click()
        times.append(stages_to_sound(page))
        page.get_by_role("button", name="Close player").click()
        # The piece is composed to its end, so that the next one has the machine for itself.
        page.get_by_role("button", name="Download").wait_for()
        wait_for_quiet(page)
    return times


def durations(times: dict[str, float]) -> dict[str, float]:
    """Return the milliseconds of each stage, from the times at which the stages ended."""
    ends = [0.0, *(times[name] for name in STAGES)]
    return {f"{name}_ms": end - start for name, start, end in zip(STAGES.values(), ends, ends[1:], strict=False)}


def main() -> None:
    """Measure and print the results."""
    executable = shutil.which("chromium")
    if executable is None:
        raise SystemExit("Chromium is missing: apt-get install chromium")
    with tempfile.TemporaryDirectory() as directory, Product(Path(directory)) as product, sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=executable, args=FLAGS)
        visits = [visit(browser, product.url) for _ in range(VISITS)]
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        context.set_default_timeout(60_000)
        frames = roll_frames(context, product.url)
        edited, edited_all = editor_frames(context, product.url)
        first, *later = sounds(
            browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB"), product.url
        )
        browser.close()
    result = {
        "initial_kb": round(max(one["kb"] for one in visits), 1),
        "fcp_ms": round(statistics.median(one["fcp"] for one in visits)),
        "layout_shift": round(max(one["shift"] for one in visits), 4),
        "roll_fps": round(frames, 1),
        "editor_fps": round(edited, 1),
        "editor_all_fps": round(edited_all, 1),
        "first_sound_ms": round(first["heard"]),
        "click_to_sound_ms": round(statistics.median(one["heard"] for one in later)),
        **{name: round(statistics.median(durations(one)[name] for one in later)) for name in durations(first)},
    }
    for name, value in result.items():
        print(f"{name:18} {value}")
    report("web", result)


if __name__ == "__main__":
    main()
