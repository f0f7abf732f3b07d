"""A public piece is liked and talked about; what is said can be taken back by its writer and by the piece's owner."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Product
from tests.web.conftest import PASSWORD, SPANISH_PHONE, Visit, token_of, told_first
from tests.web.tunes import import_midi

pytestmark = pytest.mark.web


@pytest.fixture
def piece(product: Product, name: str) -> str:
    """The address of a public piece of `name`; `name-2` is somebody else."""
    with product.client() as client:
        headers = token_of(client, name)
        song = import_midi(client, "Air", headers)
        client.patch(f"/songs/{song}", json={"visibility": "public"}, headers=headers).raise_for_status()
        token_of(client, f"{name}-2")
    return f"/library/songs/{song}"


def test_a_piece_is_liked_and_commented_on(visit: Visit, name: str, piece: str) -> None:
    page = visit.page
    page.goto(piece)
    page.get_by_role("button", name=visit.say("Like Air", "Me gusta Air")).click()
    expect(page.get_by_text(visit.say("Log in to like pieces", "Entra para marcar piezas"))).to_be_visible()
    comments = page.get_by_role("region", name=visit.say("Comments", "Comentarios"))
    expect(comments).to_contain_text(visit.say("Nothing has been said yet.", "Aún nadie ha dicho nada."))
    visit.log_in(f"{name}-2")
    page.goto(piece)
    page.get_by_role("button", name=visit.say("Like Air", "Me gusta Air")).click()
    page.get_by_role("button", name=visit.say("Comment", "Comentar"), exact=True).click()
    box = comments.get_by_role("textbox")
    expect(box).to_have_accessible_description(visit.say("Write something first.", "Escribe algo primero."))
    box.fill("<b>What</b> a lovely ending!")
    page.get_by_role("button", name=visit.say("Comment", "Comentar"), exact=True).click()
    said = comments.get_by_text("<b>What</b> a lovely ending!")
    expect(said).to_be_visible()
    page.reload()
    expect(said).to_be_visible()
    expect(page.get_by_role("button", name=visit.say("Take back your like", "Ya no me gusta"))).to_contain_text("1")
    expect(comments).to_contain_text(f"{name}-2")
    page.get_by_role("main").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_role("button", name=visit.say("Follow", "Seguir"), exact=True).click()
    expect(page.get_by_text(visit.say("one follower", "un seguidor"))).to_be_visible()


@told_first(SPANISH_PHONE)
def test_the_owner_deletes_what_was_said_and_closes_comments(
    visit: Visit, product: Product, name: str, piece: str
) -> None:
    with product.client() as client:
        form = {"grant_type": "password", "username": f"{name}-2", "password": PASSWORD}
        token = client.post("/auth/token", data=form).json()["access_token"]
        song = piece.rpartition("/")[2]
        headers = {"Authorization": f"Bearer {token}"}
        client.post(f"/songs/{song}/comments", json={"text": "Buy this!"}, headers=headers).raise_for_status()
    page, say = visit.page, visit.say
    visit.log_in(name)
    page.goto(piece)
    page.get_by_role("button", name=say(f"Delete the comment by {name}-2", f"Borrar el comentario de {name}-2")).click()
    expect(page.get_by_text(say("Nothing has been said yet.", "Aún nadie ha dicho nada."))).to_be_visible()
    page.get_by_role("button", name=say("More about Air", "Más sobre Air")).click()
    page.get_by_role("menuitem", name=say("Rename and edit", "Renombrar y editar")).click()
    page.get_by_label(say("Others may comment", "Se puede comentar")).uncheck()
    page.get_by_role("button", name=say("Save", "Guardar")).click()
    expect(
        page.get_by_text(say("Comments on this piece are closed.", "Los comentarios de esta pieza están cerrados."))
    ).to_be_visible()
    expect(page.get_by_role("region", name=say("Comments", "Comentarios")).get_by_role("textbox")).to_be_hidden()


def test_a_pieces_page_tells_how_it_came_about(visit: Visit, product: Product, name: str) -> None:
    with product.client() as client:
        headers = token_of(client, name) | {"Prefer": "wait=60"}
        wish = {"model": "crnngan-euterpe", "seed": 12, "length": 60, "parameters": {"style": "Bach", "tempo": 90}}
        made = client.post("/generations", json=wish, headers=headers).raise_for_status().json()
    page, say = visit.page, visit.say
    visit.log_in(name)
    page.get_by_role("row").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(made["song_id"]))
    facts = page.locator("dl > div")
    for fact, value in (
        (say("Model", "Modelo"), f"crnngan-euterpe {made['model_version']}"),
        (say("Seed", "Semilla"), "12"),
        (say("Style", "Estilo"), "Bach"),
        ("Tempo", "90"),
        (say("Share in one scale", "Parte en una escala"), say("0.", "0,")),
    ):
        expect(facts.filter(has=page.locator("dt").get_by_text(fact, exact=True)).first).to_contain_text(value)
    expect(page.get_by_text(re.compile(say("Piano roll, [0-9]+ notes", "Pianola, [0-9]+ notas")))).to_be_attached()
    page.get_by_role("button", name=say("More about", "Más sobre")).click()
    with page.expect_response("**/api/v1/generations") as answered:
        page.get_by_role("menuitem", name=say("Compose again", "Componer de nuevo")).click()
    again = answered.value.json()
    assert again["parameters"]["style"] == "Bach"
    assert again["seed"] != 12
