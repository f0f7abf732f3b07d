"""Prompts: pieces are continued and accompanied, from a file, the library and the last result."""

import base64
import io
import re
from pathlib import Path

import httpx
import mido
import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import Open, Visit, register
from tests.web.midi_files import melody_midi

pytestmark = pytest.mark.web

#: A MIDI keyboard; `midi(...)` sends its messages. The machines that run tests have none.
_MIDI_KEYBOARD = """(() => {
    const input = {name: 'Stage piano', onmidimessage: null};
    navigator.requestMIDIAccess = async () => ({inputs: new Map([['1', input]]), onstatechange: null});
    window.midi = (...data) => input.onmidimessage({data: Uint8Array.from(data)});
})()"""


@pytest.fixture
def user(product: Product, name: str) -> str:
    """Register a user with a song in the library."""
    with product.client() as client:
        headers = register(client, name) | {"Content-Type": "audio/midi"}
        client.post(
            "/library/imports", params={"title": "Tune"}, content=melody_midi(), headers=headers
        ).raise_for_status()
    return name


def test_a_song_is_continued_and_the_result_accompanied(visit: Visit, user: str) -> None:
    page = visit.page
    visit.log_in(user)
    page.get_by_role("button", name=visit.text("Actions for Tune", "Acciones para Tune")).click()
    page.get_by_role("menuitem", name=visit.text("Continue this", "Continuar esta")).click()
    prompt = page.get_by_role("group", name=visit.text("Prompt", "Comienzo"))
    expect(prompt).to_contain_text("Tune")
    prompt.get_by_label(visit.text("Bars used", "Compases usados")).select_option("2")
    with page.expect_request("**/api/v1/generations") as sent:
        page.get_by_role("button", name=visit.text("Compose", "Componer"), exact=True).click()
    request_body = sent.value.post_data_json
    assert request_body["prompt"]["bars"] == 2
    finished = re.compile(visit.text("Finished: ", "Terminada: "))
    expect(page.get_by_text(finished).first).to_be_visible(timeout=60_000)
    page.get_by_role("link", name=visit.text("Accompany this", "Acompañar esta")).click()
    expect(page.get_by_role("button", name=visit.text("Accompany it", "Acompañarla"))).to_have_attribute(
        "aria-pressed", "true"
    )
    with page.expect_request("**/api/v1/generations") as sent:
        page.get_by_role("button", name=visit.text("Compose", "Componer"), exact=True).click()
    assert sent.value.post_data_json["prompt"]["use"] == "accompany"
    assert sent.value.post_data_json["parameters"]["parts"] == "piano"
    expect(page.get_by_text(finished).first).to_be_visible(timeout=60_000)


def test_a_midi_file_is_continued(visit: Visit, tmp_path: Path) -> None:
    page, text = visit.page, visit.text
    page.goto("/")
    page.get_by_text(text("Folk tunes", "Melodías folk"), exact=True).click()
    file = tmp_path / "mine.mid"
    file.write_bytes(melody_midi())
    page.get_by_label(text("Choose a MIDI file", "Elegir un archivo MIDI")).set_input_files(file)
    with page.expect_response("**/api/v1/generations") as response:
        page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    assert response.value.json()["prompt"]["notes"] == 16
    expect(page.get_by_text(re.compile(text("Finished: ", "Terminada: "))).first).to_be_visible(timeout=60_000)
    # Another model accepts no prompt.
    page.get_by_text(text("Classical piano", "Piano clásico"), exact=True).click()
    expect(page.get_by_role("group", name=text("Prompt", "Comienzo"))).to_be_hidden()


def test_errors_of_a_prompt_are_shown_next_to_it(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_text(visit.text("Folk tunes", "Melodías folk"), exact=True).click()
    chooser = page.get_by_label(visit.text("Choose a MIDI file", "Elegir un archivo MIDI"))
    file = tmp_path / "mine.mid"
    file.write_bytes(melody_midi())
    chooser.set_input_files(file)
    page.get_by_label(visit.text("Style", "Estilo"), exact=True).select_option("waltzes")
    page.get_by_role("button", name=visit.text("Compose", "Componer"), exact=True).click()
    prompt = page.get_by_role("group", name=visit.text("Prompt", "Comienzo"))
    expect(prompt.get_by_role("alert")).to_contain_text(visit.text("3/4", "3/4"))
    prompt.get_by_role("button", name=visit.text("Remove prompt", "Quitar comienzo")).click()
    expect(prompt.get_by_role("alert")).to_be_hidden()
    file.write_bytes(b"no music at all")
    chooser.set_input_files(file)
    page.get_by_role("button", name=visit.text("Compose", "Componer"), exact=True).click()
    expect(prompt.get_by_role("alert")).to_be_visible()


def test_a_public_song_of_another_user_is_continued_without_an_account(
    visit: Visit, product: Product, name: str
) -> None:
    with product.client() as client:
        headers = register(client, name)
        kind = {"Content-Type": "audio/midi"}
        song = client.post(
            "/library/imports", params={"title": "Air"}, content=melody_midi(), headers=headers | kind
        ).json()
        _publish(client, song["id"], headers)
    page, text = visit.page, visit.text
    page.goto(f"/library/songs/{song['id']}")
    page.get_by_role("link", name=text("Continue this", "Continuar esta")).click()
    expect(page.get_by_role("group", name=text("Prompt", "Comienzo"))).to_contain_text("Air")
    page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    finished = re.compile(text("Finished: ", "Terminada: "))
    expect(page.get_by_text(finished).first).to_be_visible(timeout=60_000)


def test_a_beginning_is_played_on_a_midi_keyboard(open_page: Open) -> None:
    page = open_page()
    page.add_init_script(_MIDI_KEYBOARD)
    page.goto("/")
    page.get_by_text("Folk tunes", exact=True).click()
    page.get_by_role("button", name="Play a beginning").click()
    expect(page.get_by_text("MIDI keyboard: Stage piano")).to_be_visible()
    for pitch in (62, 66, 69, 74):
        page.evaluate("pitch => midi(0x93, pitch, 101)", pitch)
        page.wait_for_timeout(150)
        # A note that starts with velocity 0 ends one.
        page.evaluate("pitch => pitch % 2 ? midi(0x93, pitch, 0) : midi(0x83, pitch, 64)", pitch)
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("group", name="Prompt")).to_contain_text("My beginning")
    with page.expect_request("**/api/v1/generations") as sent:
        page.get_by_role("button", name="Compose", exact=True).click()
    file = mido.MidiFile(file=io.BytesIO(base64.b64decode(sent.value.post_data_json["prompt"]["midi"])))
    played = [(message.note, message.velocity) for message in file if message.type == "note_on" and message.velocity]
    assert played == [(pitch, 101) for pitch in (62, 66, 69, 74)]


def _publish(client: httpx.Client, song_id: str, headers: dict[str, str]) -> None:
    client.patch(f"/songs/{song_id}", json={"visibility": "public"}, headers=headers).raise_for_status()
