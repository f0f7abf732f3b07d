"""The preview metadata of a share link, read without scripts."""

from html.parser import HTMLParser

import httpx
import pytest

from tests.e2e.product import Product
from tests.web.conftest import register
from tests.web.midi_files import two_note_midi

pytestmark = pytest.mark.web


def test_a_share_link_has_title_image_and_audio_metadata(product: Product, name: str) -> None:
    with product.client() as client:
        headers = register(client, name)
        kind = {"Content-Type": "audio/midi"}
        title = 'Air "in" {{env "HOME"}} <b>'
        song = client.post(
            "/library/imports", params={"title": title}, content=two_note_midi(), headers=headers | kind
        ).json()
        link = client.post(f"/songs/{song['id']}/shares", json={}, headers=headers).json()
    page = httpx.get(f"{product.url}/s/{link['token']}")
    found = _metas(page.text)
    assert found["og:title"] == title
    assert found["og:url"] == f"{product.url}/s/{link['token']}"
    picture = httpx.get(found["og:image"])
    assert picture.content.startswith(b"\x89PNG")
    sound = httpx.get(found["og:audio"], timeout=30)
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/mpeg")
    # A revoked link has no metadata.
    with product.client() as client:
        client.delete(f"/songs/{song['id']}/shares/{link['id']}", headers=headers).raise_for_status()
    assert "og:title" not in _metas(httpx.get(f"{product.url}/s/{link['token']}").text)


def _metas(page: str) -> dict[str, str]:
    found: dict[str, str] = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            if tag == "meta" and given.get("property"):
                found[given["property"] or ""] = given.get("content") or ""

    Reader().feed(page)
    return found
