"""The player: sound of the synthesiser in the page, its controls, and the server's audio in its place."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Open, Visit
from tests.web.sound import listen, milliseconds_to_sound, wait_for_quiet

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


def test_tempo_loop_and_instruments_are_controlled(visit: Visit) -> None:
    page, text = visit.page, visit.text
    listen(page)
    page.goto("/")
    page.get_by_text(text("Folk tunes", "Melodías folk"), exact=True).click()
    page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    milliseconds_to_sound(page)
    player = page.get_by_role("region", name=text("Player", "Reproductor"))
    expect(player.get_by_role("link")).to_be_visible(timeout=60_000)
    player.get_by_role("button", name=text("Playback options", "Opciones de reproducción")).click()
    # Twice as slow, so that the piece does not end meanwhile.
    player.get_by_role("slider", name="Tempo").fill("0.5")
    position = player.get_by_role("slider", name=text("Position", "Posición"))
    position.fill("1")
    player.get_by_role("button", name=text("Loop from here (A)", "Bucle desde aquí (A)")).click()
    page.wait_for_timeout(2_000)
    player.get_by_role("button", name=text("Loop to here (B)", "Bucle hasta aquí (B)")).click()
    positions = []
    for _ in range(12):
        page.wait_for_timeout(500)
        positions.append(float(position.input_value()))
    # It went back, and never far beyond B.
    assert any(later < earlier for earlier, later in pairwise(positions))
    assert max(positions) < 4
    # Letters are commands while the focus is in the player.
    player.get_by_role("button", name=text("End loop", "Terminar bucle")).focus()
    page.keyboard.press("l")
    metronome = player.get_by_role("button", name=text("Metronome", "Metrónomo"))
    expect(metronome).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("m")
    expect(metronome).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("m")
    expect(metronome).to_have_attribute("aria-pressed", "false")
    for mute in player.get_by_role("button", name=re.compile(text("^Mute ", "^Silenciar "))).all():
        mute.click()
    wait_for_quiet(page)
    # A solo does not undo what is muted; the click of the metronome is heard all the same.
    player.get_by_role("button", name=re.compile(text("^Solo ", "^Solo "))).first.click()
    metronome.click()
    milliseconds_to_sound(page, 10)
    metronome.click()
    wait_for_quiet(page)
    # An instrument alone is heard where the others are not.
    player.get_by_role("button", name=re.compile(text("^Mute ", "^Silenciar "))).first.click()
    milliseconds_to_sound(page, 10)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    expect(player.get_by_role("button", name=text("Play", "Reproducir"), exact=True)).to_be_visible()
