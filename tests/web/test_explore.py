"""The explore page, author pages, likes, follows, and share links."""

import re

import pytest
from euterpe_music.midi import read_midi
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import ENGLISH_DESKTOP, SPANISH_PHONE, Open, Visit, fast_variant, register
from tests.web.midi_files import import_midi, two_note_midi

pytestmark = pytest.mark.web


@pytest.fixture
def published(product: Product, name: str) -> dict[str, str]:
    """Publish a song. Returns its title, its author, and the tokens of two share links, one without download."""
    title = f"Aubade of {name}"
    with product.client() as client:
        headers = register(client, name)
        song = import_midi(client, title, headers)
        change = {"visibility": "public", "tags": ["dawn"]}
        client.patch(f"/songs/{song}", json=change, headers=headers).raise_for_status()
        links = [
            client.post(f"/songs/{song}/shares", json={"allow_download": allowed}, headers=headers)
            for allowed in (True, False)
        ]
        tokens = [link.raise_for_status().json()["token"] for link in links]
    return {"title": title, "author": name, "link": tokens[0], "listen_only": tokens[1]}


def test_a_public_song_is_found_and_liked_and_its_author_followed(
    visit: Visit, product: Product, published: dict[str, str]
) -> None:
    page, text = visit.page, visit.text
    title, author = published["title"], published["author"]
    like = text(f"Like {title}", f"Me gusta {title}")
    page.goto("/explore")
    page.get_by_role("searchbox").fill(title)
    expect(page.get_by_role("listitem").filter(has_text="Aubade of")).to_have_count(1)
    page.get_by_role("button", name=like).click()
    expect(
        page.get_by_text(text("Log in to like pieces and follow authors.", "Entra para marcar piezas"))
    ).to_be_visible()
    with product.client() as client:
        register(client, f"{author}-fan")
    visit.log_in(f"{author}-fan")
    page.goto(f"/explore?q={author}")
    page.get_by_role("button", name=like).click()
    page.reload()
    liked = page.get_by_role("button", name=text(f"Unlike {title}", f"Ya no me gusta {title}"))
    expect(liked).to_contain_text("1")
    page.get_by_role("link", name=text(f"by {author}", f"de {author}")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(author)
    page.get_by_role("button", name=text("Follow", "Seguir"), exact=True).click()
    expect(page.get_by_text(text("one follower", "un seguidor"))).to_be_visible()
    page.goto("/explore")
    page.get_by_role("button", name=text("From authors you follow", "De autores que sigues")).click()
    expect(page.get_by_role("link", name=title)).to_be_visible()
    expect(page).to_have_url(re.compile("following=true"))


def test_a_share_link_plays_and_downloads_without_an_account(visit: Visit, published: dict[str, str]) -> None:
    page, text = visit.page, visit.text
    page.goto(f"/s/{published['link']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(published["title"])
    page.get_by_role("button", name=text("Play", "Reproducir"), exact=True).click()
    expect(page.get_by_role("region", name=text("Player", "Reproductor"))).to_contain_text(published["title"])
    with page.expect_download() as download:
        page.get_by_role("button", name=text("Download", "Descargar")).click()
        page.get_by_role("dialog").get_by_role("button", name=text("Download", "Descargar")).click()
    downloaded = read_midi(download.value.path())
    assert downloaded.notes.tolist() == read_midi(two_note_midi()).notes.tolist()


@fast_variant(SPANISH_PHONE)
def test_a_share_link_without_download_and_an_unknown_share_link(visit: Visit, published: dict[str, str]) -> None:
    page, text = visit.page, visit.text
    title = published["title"]
    page.goto(f"/s/{published['listen_only']}")
    picture = page.get_by_role("img", name=text(f"Piano roll of {title}", f"Rollo de pianola de {title}"))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    expect(page.get_by_role("button", name=text("Download", "Descargar"))).to_have_count(0)
    page.get_by_role("button", name=text("Play", "Reproducir"), exact=True).click()
    expect(page.get_by_role("button", name=text("Pause", "Pausar"), exact=True).first).to_be_visible()
    page.goto("/s/nothing")
    expect(page.get_by_role("alert")).to_be_visible()


@fast_variant(ENGLISH_DESKTOP)
def test_a_share_link_is_created_opened_and_revoked(visit: Visit, open_page: Open, product: Product, name: str) -> None:
    with product.client() as client:
        import_midi(client, "Serenade", register(client, name))
    page, text = visit.page, visit.text
    visit.log_in(name)
    page.get_by_role("button", name=text("Actions for Serenade", "Acciones para Serenade")).click()
    page.get_by_role("menuitem", name=text("Share", "Compartir")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(text("Valid for", "Válido durante")).select_option(text("one week", "una semana"))
    dialog.get_by_role("button", name=text("Create link", "Crear enlace")).click()
    link = dialog.get_by_label(text("Link", "Enlace"), exact=True).input_value()
    other = open_page()
    other.goto(link)
    expect(other.get_by_role("heading", level=1)).to_have_text("Serenade")
    dialog.get_by_role("button", name=text("Revoke link", "Revocar enlace")).click()
    expect(dialog.get_by_role("listitem")).to_have_count(0)
    other.reload()
    expect(other.get_by_role("alert")).to_be_visible()
