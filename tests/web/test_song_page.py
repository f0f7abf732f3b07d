"""A public piece is liked and talked about; what is said can be taken back by its writer and by the piece's owner."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Product
from tests.web.conftest import Open, Visit, token_of
from tests.web.test_library import midi

pytestmark = pytest.mark.web


@pytest.fixture
def piece(product: Product, name: str) -> str:
    """The address of a public piece of `name`; `name-2` is somebody else."""
    with product.client() as client:
        headers = token_of(client, name)
        kind = {"Content-Type": "audio/midi"}
        song = client.post("/library/imports", params={"title": "Air"}, content=midi(), headers=headers | kind).json()
        client.patch(f"/songs/{song['id']}", json={"visibility": "public"}, headers=headers).raise_for_status()
        token_of(client, f"{name}-2")
    return f"/library/songs/{song['id']}"


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


def test_the_owner_deletes_what_was_said_and_closes_comments(
    open_page: Open, product: Product, name: str, piece: str
) -> None:
    with product.client() as client:
        form = {"grant_type": "password", "username": f"{name}-2", "password": "op. 7, in A minor"}
        token = client.post("/auth/token", data=form).json()["access_token"]
        song = piece.rpartition("/")[2]
        headers = {"Authorization": f"Bearer {token}"}
        client.post(f"/songs/{song}/comments", json={"text": "Buy this!"}, headers=headers).raise_for_status()
    owner = Visit(open_page(), spanish=False)
    owner.log_in(name)
    page = owner.page
    page.goto(piece)
    page.get_by_role("button", name=f"Delete the comment by {name}-2").click()
    expect(page.get_by_text("Nothing has been said yet.")).to_be_visible()
    page.get_by_role("button", name="More about Air").click()
    page.get_by_role("menuitem", name="Rename and edit").click()
    page.get_by_label("Others may comment").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Comments on this piece are closed.")).to_be_visible()
    expect(page.get_by_role("region", name="Comments").get_by_role("textbox")).to_be_hidden()
