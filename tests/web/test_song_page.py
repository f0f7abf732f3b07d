"""The song page: likes, comments, metadata."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import PASSWORD, SPANISH_PHONE, Open, Visit, fast_variant, register
from tests.web.midi_files import import_midi, long_midi

pytestmark = pytest.mark.web


@pytest.fixture
def piece(product: Product, name: str) -> str:
    """Publish a song of `name` and register `name-2`. Returns the path of the song's page."""
    with product.client() as client:
        headers = register(client, name)
        song = import_midi(client, "Air", headers)
        client.patch(f"/songs/{song}", json={"visibility": "public"}, headers=headers).raise_for_status()
        register(client, f"{name}-2")
    return f"/library/songs/{song}"


def test_a_song_is_liked_and_commented_on(visit: Visit, name: str, piece: str) -> None:
    page = visit.page
    page.goto(piece)
    page.get_by_role("button", name=visit.text("Like Air", "Me gusta Air")).click()
    expect(page.get_by_text(visit.text("Log in to like pieces", "Entra para marcar piezas"))).to_be_visible()
    comments = page.get_by_role("region", name=visit.text("Comments", "Comentarios"))
    expect(comments).to_contain_text(visit.text("No comments yet.", "Aún no hay comentarios."))
    visit.log_in(f"{name}-2")
    page.goto(piece)
    page.get_by_role("button", name=visit.text("Like Air", "Me gusta Air")).click()
    page.get_by_role("button", name=visit.text("Comment", "Comentar"), exact=True).click()
    box = comments.get_by_role("textbox")
    expect(box).to_have_accessible_description(visit.text("Enter a comment.", "Escribe un comentario."))
    box.fill("<b>What</b> a lovely ending!")
    page.get_by_role("button", name=visit.text("Comment", "Comentar"), exact=True).click()
    comment = comments.get_by_text("<b>What</b> a lovely ending!")
    expect(comment).to_be_visible()
    page.reload()
    expect(comment).to_be_visible()
    expect(page.get_by_role("button", name=visit.text("Unlike", "Ya no me gusta"))).to_contain_text("1")
    expect(comments).to_contain_text(f"{name}-2")
    page.get_by_role("main").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_role("button", name=visit.text("Follow", "Seguir"), exact=True).click()
    expect(page.get_by_text(visit.text("one follower", "un seguidor"))).to_be_visible()


@fast_variant(SPANISH_PHONE)
def test_the_owner_deletes_a_comment_and_closes_comments(visit: Visit, product: Product, name: str, piece: str) -> None:
    with product.client() as client:
        form = {"grant_type": "password", "username": f"{name}-2", "password": PASSWORD}
        token = client.post("/auth/token", data=form).json()["access_token"]
        song = piece.rpartition("/")[2]
        headers = {"Authorization": f"Bearer {token}"}
        client.post(f"/songs/{song}/comments", json={"text": "Buy this!"}, headers=headers).raise_for_status()
    page, text = visit.page, visit.text
    visit.log_in(name)
    page.goto(piece)
    page.get_by_role("button", name=text(f"Delete comment by {name}-2", f"Borrar comentario de {name}-2")).click()
    expect(page.get_by_text(text("No comments yet.", "Aún no hay comentarios."))).to_be_visible()
    page.get_by_role("button", name=text("Actions for Air", "Acciones para Air")).click()
    page.get_by_role("menuitem", name=text("Rename and edit", "Renombrar y editar")).click()
    page.get_by_label(text("Allow comments", "Permitir comentarios")).uncheck()
    page.get_by_role("button", name=text("Save", "Guardar")).click()
    expect(
        page.get_by_text(text("Comments on this piece are closed.", "Los comentarios de esta pieza están cerrados."))
    ).to_be_visible()
    expect(page.get_by_role("region", name=text("Comments", "Comentarios")).get_by_role("textbox")).to_be_hidden()


def test_a_song_page_shows_metadata_settings_and_measures(visit: Visit, product: Product, name: str) -> None:
    with product.client() as client:
        headers = register(client, name) | {"Prefer": "wait=60"}
        request_body = {
            "model": "crnngan-euterpe",
            "seed": 12,
            "length": 60,
            "parameters": {"style": "Bach", "tempo": 90},
        }
        generation = client.post("/generations", json=request_body, headers=headers).raise_for_status().json()
    page, text = visit.page, visit.text
    visit.log_in(name)
    page.get_by_role("row").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(generation["song_id"]))
    facts = page.locator("dl > div")
    for fact, value in (
        (text("Model", "Modelo"), f"crnngan-euterpe {generation['model_version']}"),
        (text("Seed", "Semilla"), "12"),
        (text("Style", "Estilo"), "Bach"),
        ("Tempo", "90"),
        (text("Notes in key", "Notas en la tonalidad"), text("0.", "0,")),
    ):
        expect(facts.filter(has=page.locator("dt").get_by_text(fact, exact=True)).first).to_contain_text(value)
    expect(page.get_by_text(re.compile(text("Piano roll, [0-9]+ notes", "Pianola, [0-9]+ notas")))).to_be_attached()
    page.get_by_role("switch", name=text("Public", "Pública")).check()
    expect(page.get_by_text(text("one piece is public now", "una pieza es pública"))).to_be_visible()
    page.get_by_role("button", name=text("Actions for", "Acciones para")).click()
    with page.expect_response("**/api/v1/generations") as response:
        page.get_by_role("menuitem", name=text("Compose again", "Componer de nuevo")).click()
    again = response.value.json()
    assert again["parameters"]["style"] == "Bach"
    assert again["seed"] != 12


@fast_variant(SPANISH_PHONE)
def test_a_piece_is_shown_as_a_score_and_saved(visit: Visit, piece: str) -> None:
    page, text = visit.page, visit.text
    page.goto(piece)
    page.get_by_role("button", name=text("Score", "Partitura"), exact=True).click()
    dialog = page.get_by_role("dialog")
    picture = dialog.get_by_role("img", name=text("Page 1 of the score of Air", "Página 1 de la partitura de Air"))
    expect(picture).to_be_visible(timeout=30_000)
    expect(dialog).to_contain_text(text("Page 1 of 1", "Página 1 de 1"))
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    with page.expect_download() as download:
        dialog.get_by_role("button", name="MusicXML").click()
    instrument = text("Acoustic Grand Piano", "Piano de cola")
    assert f"<part-name>{instrument}</part-name>" in Path(download.value.path()).read_text()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")


def test_a_long_piece_of_many_tracks_is_opened_and_edited(open_page: Open, product: Product, name: str) -> None:
    with product.client() as client:
        headers = register(client, name)
        kind = {"Content-Type": "audio/midi"}
        answer = client.post("/library/imports", params={"title": "Long"}, content=long_midi(), headers=headers | kind)
        song = answer.raise_for_status().json()["id"]
    visit = Visit(open_page(), spanish=False)
    page = visit.page
    visit.log_in(name)
    page.goto(f"/library/songs/{song}")
    expect(page.get_by_text("Piano roll, 30000 notes, 20:00")).to_be_attached()
    page.get_by_role("main").get_by_role("link", name="Edit notes").click()
    expect(page.get_by_text("The piece has 30000 notes").first).to_be_attached()
    expect(page.get_by_role("region", name="Tracks").get_by_role("listitem")).to_have_count(50)
