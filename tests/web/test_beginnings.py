"""A listener goes on from a tune or has it accompanied: from a file, the library, and what was just composed."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Product
from tests.web.conftest import Visit, token_of
from tests.web.tunes import tune

pytestmark = pytest.mark.web


@pytest.fixture
def member(product: Product, name: str) -> str:
    """Somebody with a tune in the library."""
    with product.client() as client:
        headers = token_of(client, name) | {"Content-Type": "audio/midi"}
        client.post("/library/imports", params={"title": "Tune"}, content=tune(), headers=headers).raise_for_status()
    return name


def test_a_tune_of_the_library_is_continued_and_the_result_accompanied(visit: Visit, member: str) -> None:
    page = visit.page
    visit.log_in(member)
    page.get_by_role("button", name=visit.say("More about Tune", "Más sobre Tune")).click()
    page.get_by_role("menuitem", name=visit.say("Continue this", "Continuar esta")).click()
    beginning = page.get_by_role("group", name=visit.say("Beginning", "Comienzo"))
    expect(beginning).to_contain_text("Tune")
    beginning.get_by_label(visit.say("How much of it", "Cuánto de ella")).select_option("2")
    with page.expect_request("**/api/v1/generations") as sent:
        page.get_by_role("button", name=visit.say("Compose", "Componer"), exact=True).click()
    order = sent.value.post_data_json
    assert order["prompt"]["bars"] == 2
    finished = re.compile(visit.say("Finished: ", "Terminada: "))
    expect(page.get_by_text(finished).first).to_be_visible(timeout=60_000)
    page.get_by_role("link", name=visit.say("Accompany this", "Acompañar esta")).click()
    expect(page.get_by_role("button", name=visit.say("Accompany it", "Acompañarla"))).to_have_attribute(
        "aria-pressed", "true"
    )
    with page.expect_response("**/api/v1/generations") as answered:
        page.get_by_role("button", name=visit.say("Compose again", "Componer de nuevo")).click()
    assert answered.value.json()["parameters"]["accompaniment"] == "only"
    expect(page.get_by_text(finished).first).to_be_visible(timeout=60_000)


def test_an_own_file_is_continued_and_its_notes_stay(visit: Visit, tmp_path: Path) -> None:
    page, say = visit.page, visit.say
    page.goto("/")
    page.get_by_text(say("Folk tunes", "Melodías folk"), exact=True).click()
    file = tmp_path / "mine.mid"
    file.write_bytes(tune())
    page.get_by_label(say("Begin with a MIDI file", "Empezar con un archivo MIDI")).set_input_files(file)
    with page.expect_response("**/api/v1/generations") as answered:
        page.get_by_role("button", name=say("Compose", "Componer"), exact=True).click()
    assert answered.value.json()["prompt"]["notes"] == 16
    expect(page.get_by_text(re.compile(say("Finished: ", "Terminada: "))).first).to_be_visible(timeout=60_000)
    # Another model knows no beginnings, and is not sent one.
    page.get_by_text(say("Classical piano", "Piano clásico"), exact=True).click()
    expect(page.get_by_role("group", name=say("Beginning", "Comienzo"))).to_be_hidden()


def test_what_does_not_fit_is_told_beside_the_beginning(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_text(visit.say("Folk tunes", "Melodías folk"), exact=True).click()
    chooser = page.get_by_label(visit.say("Begin with a MIDI file", "Empezar con un archivo MIDI"))
    file = tmp_path / "mine.mid"
    file.write_bytes(tune())
    chooser.set_input_files(file)
    page.get_by_label(visit.say("Style", "Estilo"), exact=True).select_option("waltzes")
    page.get_by_role("button", name=visit.say("Compose", "Componer"), exact=True).click()
    beginning = page.get_by_role("group", name=visit.say("Beginning", "Comienzo"))
    expect(beginning.get_by_role("alert")).to_contain_text(visit.say("3/4", "3/4"))
    beginning.get_by_role("button", name=visit.say("Begin from nothing", "Empezar de la nada")).click()
    expect(beginning.get_by_role("alert")).to_be_hidden()
    file.write_bytes(b"no music at all")
    chooser.set_input_files(file)
    page.get_by_role("button", name=visit.say("Compose", "Componer"), exact=True).click()
    expect(beginning.get_by_role("alert")).to_be_visible()


def test_a_public_piece_of_somebody_else_is_continued_without_an_account(
    visit: Visit, product: Product, name: str
) -> None:
    with product.client() as client:
        headers = token_of(client, name)
        kind = {"Content-Type": "audio/midi"}
        song = client.post("/library/imports", params={"title": "Air"}, content=tune(), headers=headers | kind).json()
        _publish(client, song["id"], headers)
    page, say = visit.page, visit.say
    page.goto(f"/library/songs/{song['id']}")
    page.get_by_role("link", name=say("Continue this", "Continuar esta")).click()
    expect(page.get_by_role("group", name=say("Beginning", "Comienzo"))).to_contain_text("Air")
    page.get_by_role("button", name=say("Compose", "Componer"), exact=True).click()
    finished = re.compile(say("Finished: ", "Terminada: "))
    expect(page.get_by_text(finished).first).to_be_visible(timeout=60_000)


def _publish(client: httpx.Client, song_id: str, headers: dict[str, str]) -> None:
    client.patch(f"/songs/{song_id}", json={"visibility": "public"}, headers=headers).raise_for_status()
