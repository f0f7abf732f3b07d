"""Listeners find, like and follow what others have published, and open what was shared with them."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Product
from tests.web.conftest import PHONE, Open, token_of
from tests.web.test_library import log_in, midi

pytestmark = pytest.mark.web


@pytest.fixture
def published(product: Product, name: str) -> dict[str, str]:
    """Somebody's public piece: its title, its author, and the tokens of two links, one of them without download."""
    title = f"Aubade of {name}"
    with product.client() as client:
        headers = token_of(client, name)
        kind = {"Content-Type": "audio/midi"}
        song = client.post("/library/imports", params={"title": title}, content=midi(), headers=headers | kind).json()
        change = {"visibility": "public", "tags": ["dawn"]}
        client.patch(f"/songs/{song['id']}", json=change, headers=headers).raise_for_status()
        links = [
            client.post(f"/songs/{song['id']}/shares", json={"allow_download": allowed}, headers=headers)
            for allowed in (True, False)
        ]
        tokens = [link.raise_for_status().json()["token"] for link in links]
    return {"title": title, "author": name, "link": tokens[0], "listen_only": tokens[1]}


def test_a_published_piece_is_found_liked_and_its_author_followed(
    open_page: Open, product: Product, published: dict[str, str]
) -> None:
    page = open_page()
    page.goto("/explore")
    page.get_by_role("searchbox").fill(published["title"])
    expect(page.get_by_role("listitem").filter(has_text="Aubade of")).to_have_count(1)
    page.get_by_role("button", name=f"Like {published['title']}").click()
    expect(page.get_by_text("Log in to like pieces and follow authors.")).to_be_visible()
    with product.client() as client:
        token_of(client, f"{published['author']}-fan")
    log_in(page, f"{published['author']}-fan")
    page.goto(f"/explore?q={published['author']}")
    page.get_by_role("button", name=f"Like {published['title']}").click()
    page.reload()
    expect(page.get_by_role("button", name=f"Take back your like of {published['title']}")).to_contain_text("1")
    page.get_by_role("link", name=f"by {published['author']}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(published["author"])
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(page.get_by_text("one follower")).to_be_visible()
    page.goto("/explore")
    page.get_by_role("button", name="From authors you follow").click()
    expect(page.get_by_role("link", name=published["title"])).to_be_visible()
    expect(page).to_have_url(re.compile("following=true"))


def test_a_link_plays_its_piece_without_an_account(open_page: Open, published: dict[str, str]) -> None:
    page = open_page(PHONE, language="es", dark=True)
    page.goto(f"/s/{published['link']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(published["title"])
    page.get_by_role("button", name="Reproducir", exact=True).click()
    expect(page.get_by_role("region", name="Reproductor")).to_contain_text(published["title"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Descargar").click()
        page.get_by_role("dialog").get_by_role("button", name="Descargar").click()
    assert download.value.path().read_bytes() == midi()


def test_a_link_to_listen_gives_no_file_and_a_wrong_one_says_so(open_page: Open, published: dict[str, str]) -> None:
    page = open_page()
    page.goto(f"/s/{published['listen_only']}")
    picture = page.get_by_role("img", name=f"Piano roll of {published['title']}")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    expect(page.get_by_role("button", name="Download")).to_have_count(0)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True).first).to_be_visible()
    page.goto("/s/nothing")
    expect(page.get_by_role("alert")).to_be_visible()
