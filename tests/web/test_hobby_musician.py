"""A musician without an account makes a jig for three instruments, changes it, prints it and takes it elsewhere."""

import io
import re
import zipfile

import mido
import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Open

pytestmark = pytest.mark.web

#: Keeps the pages that are printed; a browser without windows has no printer.
_PRINTER = """window.print = () => {
    const pages = document.querySelector('.printed-score');
    window.printed = [...pages.children].map(image => image.naturalWidth);
    document.documentElement.dataset.printed = '';
    pages.remove = () => {};
}"""
#: A page of a PDF file.
_PDF_PAGE = re.compile(rb"/Type ?/Page\b")
_BARS, _BAR_QUARTERS = 32, 3


def download(page: Page, kind: str) -> bytes:
    """Return the file that the editor's download dialog gives for a format."""
    page.get_by_role("main").get_by_role("button", name=re.compile("^(Download|Save and download)$")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(kind, exact=True).click()
    with page.expect_download() as started:
        dialog.get_by_role("button", name="Download").click()
    expect(dialog).to_be_hidden()
    return started.value.path().read_bytes()


def notes(content: bytes) -> list[tuple[float, int]]:
    """Return the onsets in quarters and the pitches of a MIDI file."""
    file = mido.MidiFile(file=io.BytesIO(content))
    found = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                found.append((tick / file.ticks_per_beat, message.note))
    return sorted(found)


def test_a_jig_is_composed_changed_printed_and_opened_elsewhere(open_page: Open) -> None:
    page = open_page()
    page.add_init_script(_PRINTER)
    page.goto("/")
    page.get_by_label("Describe it in words").fill("a jig in D minor for violin, flute and guitar, 32 bars")
    page.get_by_role("button", name="Fill in").click()
    expect(page.locator("#parameter-key")).to_have_value("D minor")
    expect(page.locator("#parameter-bars")).to_have_value("32")
    with page.expect_response("**/api/v1/generations") as sent:
        page.get_by_role("button", name="Compose", exact=True).click()
    assert sent.value.json()["parameters"]["parts"] == "violin, flute, nylon guitar"
    expect(page.get_by_text(re.compile("^Finished: ")).first).to_be_visible(timeout=60_000)
    page.get_by_role("main").get_by_role("link", name="Details").click()
    page.get_by_role("main").get_by_role("link", name="Edit notes").click()
    original = notes(download(page, "MIDI"))

    panel = page.get_by_role("region", name="Compose here")
    panel.get_by_label("First bar", exact=True).fill("9")
    panel.get_by_label("Last bar", exact=True).fill("16")
    panel.get_by_label("Alternatives", exact=True).select_option("1")
    panel.get_by_role("button", name="Compose", exact=True).click()
    panel.get_by_role("button", name="Use", exact=True).click(timeout=60_000)
    page.get_by_role("application").focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    # What is heard is what is shown, before it is saved.
    page.get_by_role("main").get_by_role("button", name=re.compile("^Play ")).click()
    position = page.get_by_role("region", name="Player").get_by_role("slider", name="Position")
    expect(position).not_to_have_value("0", timeout=30_000)

    saved = download(page, "MIDI")
    expect(page.get_by_text("Version 2").first).to_be_visible()
    changed = notes(saved)
    first, last = 8 * _BAR_QUARTERS, 16 * _BAR_QUARTERS
    outside = [[note for note in each if not first <= note[0] < last] for each in (original, changed)]
    assert [before != after for before, after in zip(*outside, strict=True)].count(True) == 2
    assert [note for note in changed if first <= note[0] < last] != [
        note for note in original if first <= note[0] < last
    ]
    file = mido.MidiFile(file=io.BytesIO(saved))
    meters = {(message.numerator, message.denominator) for message in file if message.type == "time_signature"}
    assert meters == {(6, 8)}
    length = max(sum(message.time for message in track) for track in file.tracks) / file.ticks_per_beat
    assert length == _BARS * _BAR_QUARTERS
    with zipfile.ZipFile(io.BytesIO(download(page, "MIDI stems"))) as archive:
        stems = sorted(note for name in archive.namelist() for note in notes(archive.read(name)))
    assert stems == changed

    page.get_by_role("link", name="Back to the piece").click()
    page.get_by_role("button", name="Score", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Print").click()
    # The button is enabled before the pages are requested, too.
    expect(page.locator("html[data-printed]")).to_be_attached()
    printed = page.evaluate("window.printed")
    assert all(width > 0 for width in printed)
    assert len(printed) > 1
    for paper in ("A4", "Letter"):
        assert len(_PDF_PAGE.findall(page.pdf(format=paper))) == len(printed)
