"""The player: sound of the synthesiser in the page, its controls, and the server's audio in its place."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Open, Visit
from tests.web.sound import listen, milliseconds_to_sound

pytestmark = pytest.mark.web


def record_requests(page: Page) -> list[str]:
    """Return the list to which the URLs of all requests are added."""
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    return urls


def test_a_piece_sounds_in_the_page_while_it_is_composed(visit: Visit) -> None:
    page = visit.page
    requests = record_requests(page)
    listen(page)
    page.goto("/")
    page.get_by_role("button", name=visit.text("Compose", "Componer"), exact=True).click()
    milliseconds_to_sound(page)
    player = page.get_by_role("region", name=visit.text("Player", "Reproductor"))
    # The piece is finished meanwhile, and plays on as a song with a page.
    expect(player.get_by_role("link")).to_have_attribute("href", re.compile("/library/songs/"), timeout=60_000)
    assert any("/soundfont/" in url for url in requests)
    assert not any("/api/v1/audio/" in url for url in requests)


def test_the_servers_audio_is_played_if_the_soundfont_cannot_be_loaded(open_page: Open) -> None:
    page = open_page()
    requests = record_requests(page)
    page.route("**/soundfont/**", lambda route: route.fulfill(status=404))
    page.goto("/")
    page.get_by_role("button", name="Compose", exact=True).click()
    player = page.get_by_role("region", name="Player")
    expect(player.get_by_role("slider", name="Position")).not_to_have_value("0", timeout=60_000)
    assert any("/api/v1/audio/" in url for url in requests)
