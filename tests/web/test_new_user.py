"""The path of a new user: words fill the form, the piece is heard and shared without an account, files are dropped."""

import base64
import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Open, Visit
from tests.web.midi_files import melody_midi
from tests.web.sound import listen, milliseconds_to_sound
from tests.web.transfer import MAX_FIRST_VISIT_KB, Transfer

pytestmark = pytest.mark.web

_DROP = """files => {
    const transfer = new DataTransfer();
    for (const [name, content] of files)
        transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name));
    document.querySelector('main').dispatchEvent(
        new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""
#: The controls of the form that the button at its end covers when they have the focus.
_COVERED = """() => {
    const send = document.querySelector('.send'), box = send.getBoundingClientRect(), covered = [];
    for (const control of document.querySelectorAll('form :is(input, select, button, summary)')) {
        if (send.contains(control) || !control.checkVisibility()) continue;
        control.focus();
        const {top, bottom} = control.getBoundingClientRect(), bar = send.getBoundingClientRect().top;
        if (document.activeElement === control && bottom > bar + 1 && top < box.bottom) covered.push(control.id);
    }
    return covered;
}"""


def test_the_first_visit_is_small(open_page: Open) -> None:
    page = open_page()
    transfer = Transfer(page)
    page.goto("/")
    # The samples of the first models are drawn last.
    expect(page.locator("e-model-sample canvas").first).to_be_visible()
    transfer.settle()
    # The scripts and the fonts alone are more than half of it.
    assert MAX_FIRST_VISIT_KB / 2 < transfer.kilobytes <= MAX_FIRST_VISIT_KB


def test_a_guest_describes_hears_and_shares_a_piece(visit: Visit, open_page: Open) -> None:
    page, text = visit.page, visit.text
    listen(page)
    page.goto("/")
    words = page.get_by_label(text("Describe it in words", "Descríbela con palabras"))
    words.fill(text("a sad waltz for strings, 12 bars, rainy", "un vals triste para cuerdas, 12 compases, lluvioso"))
    page.get_by_role("button", name=text("Fill in", "Rellenar")).click()
    expect(page.get_by_text(text("Not understood: rainy", "No se ha entendido: lluvioso"))).to_be_visible()
    expect(page.locator("#parameter-style")).to_have_value("folk/waltz")
    expect(page.locator("#parameter-bars")).to_have_value("12")
    assert page.evaluate(_COVERED) == []
    with page.expect_response("**/api/v1/generations") as response:
        page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    first = response.value.json()
    milliseconds_to_sound(page)
    assert first["parameters"]["parts"] == "violin, violin, viola, cello"
    # The form survives a reload, and the next piece gets another seed.
    page.reload()
    expect(page.locator("#parameter-style")).to_have_value("folk/waltz")
    page.get_by_role("button", name=text("Share", "Compartir")).click(timeout=60_000)
    page.get_by_role("button", name=text("Create link", "Crear enlace")).click()
    link = page.get_by_label(text("Link", "Enlace"), exact=True)
    expect(link).to_have_value(re.compile("/s/"))
    friend = open_page()
    friend.goto(link.input_value())
    expect(friend.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_response("**/api/v1/generations") as again:
        page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    assert again.value.json()["seed"] != first["seed"]


def test_dropped_files_are_imported_or_refused_with_the_reason(open_page: Open) -> None:
    page = open_page()
    page.goto("/explore")
    files = [("broken.mid", b"MP3"), ("mine.mid", melody_midi())]
    page.evaluate(_DROP, [[name, base64.b64encode(content).decode()] for name, content in files])
    expect(page.get_by_role("heading", level=1)).to_have_text("mine")
    expect(page.get_by_text("broken.mid was not imported. It is not a MIDI file.")).to_be_visible()
