"""A visitor composes, listens, names the piece, takes it along and keeps it by registering."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import DESKTOP, PHONE, Open, Visit

pytestmark = pytest.mark.web

WORDS = {
    "en": {
        "compose": "Compose",
        "finished": re.compile(r"Finished: \d+:\d\d, \d+ notes"),
        "play": "Play",
        "pause": "Pause",
    },
    "es": {
        "compose": "Componer",
        "finished": re.compile(r"Terminada: \d+:\d\d, \d+ notas"),
        "play": "Reproducir",
        "pause": "Pausar",
    },
}


def compose(page: Page, language: str = "en", *, title: str = "") -> None:
    """Composes with what is preset and waits for the end."""
    page.goto("/")
    if title:
        page.get_by_label("Title", exact=True).fill(title)
    page.get_by_role("button", name=WORDS[language]["compose"], exact=True).click()
    expect(page.get_by_text(WORDS[language]["finished"]).first).to_be_visible(timeout=60_000)


def register(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill("op. 7, in A minor")
    page.get_by_role("button", name="Create the account").click()


@pytest.mark.parametrize(("language", "size"), [("en", DESKTOP), ("es", PHONE)])
def test_a_visitor_composes_and_listens(open_page: Open, language: str, size: tuple[int, int]) -> None:
    words = WORDS[language]
    page = open_page(size, language=language, dark=language == "es")
    compose(page, language)
    assert re.search(r"\?piece=[0-9a-f-]{36}$", page.url)
    stage = page.locator("e-stage")
    stage.get_by_role("button", name=words["play"], exact=True).click()
    expect(stage.get_by_role("button", name=words["pause"], exact=True)).to_be_visible(timeout=30_000)
    roll = stage.get_by_role("slider")
    expect(roll).not_to_have_attribute("aria-valuetext", re.compile("^0:00"), timeout=15_000)
    stage.get_by_role("button", name=words["pause"], exact=True).click()
    roll.focus()
    page.keyboard.press("Home")
    expect(roll).to_have_attribute("aria-valuetext", re.compile("^0:00"))
    # It is seen, not only said: the canvas has more than its background.
    colours = page.evaluate(
        """() => {
            const canvas = document.querySelector('e-stage canvas');
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return new Set(new Uint32Array(data.buffer)).size;
        }"""
    )
    assert colours > 5
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "the page is wider than the phone"
    )


def test_a_deep_link_shows_the_piece_again(open_page: Open) -> None:
    page = open_page()
    compose(page)
    finished = page.get_by_text(WORDS["en"]["finished"]).first.text_content()
    page.reload()
    expect(page.get_by_text(WORDS["en"]["finished"]).first).to_have_text(finished or "")


def test_a_guests_piece_is_named_downloaded_and_kept_on_registration(
    open_page: Open, name: str, tmp_path: Path
) -> None:
    page = open_page()
    compose(page)
    title = page.get_by_label("Title of the piece")
    title.fill("Rain at dawn")
    title.press("Enter")
    expect(page.get_by_text("Saved as “Rain at dawn”.")).to_be_visible()
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "Rain at dawn.mid"
    download.value.save_as(tmp_path / "piece.mid")
    assert (tmp_path / "piece.mid").read_bytes().startswith(b"MThd")
    page.get_by_role("link", name="Keep my pieces").click()
    register(page, name)
    expect(page).to_have_url(re.compile("/library$"))
    expect(page.get_by_role("row").get_by_role("link", name="Rain at dawn")).to_be_visible()


def test_a_lost_connection_is_told_and_comes_back_by_itself(open_page: Open) -> None:
    page = open_page()
    lost = 2

    def lose(route: Route) -> None:
        nonlocal lost
        lost -= 1
        if lost >= 0:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/events", lose)
    page.goto("/")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_text("The connection was lost.")).to_be_visible()
    expect(page.get_by_text(WORDS["en"]["finished"]).first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("The connection was lost.")).to_be_hidden()


def test_a_model_is_heard_before_it_is_chosen(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    folk = visit.say("Folk tunes", "Melodías folk")
    page.get_by_role("button", name=visit.say(f"Hear a sample of {folk}", f"Oír una muestra de {folk}")).click()
    expect(page.get_by_role("button", name=visit.say("Pause the sample", "Pausar la muestra"))).to_be_visible()
    expect(page.get_by_role("radio", name=folk)).not_to_be_checked()
    player = page.get_by_role("region", name=visit.say("Player", "Reproductor"))
    expect(player).to_contain_text(visit.say(f"A sample of {folk}", f"Una muestra de {folk}"))


def test_variations_stand_side_by_side(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_label(visit.say("Variations", "Variaciones"), exact=True).select_option("3")
    page.get_by_role("button", name=visit.say("Compose", "Componer"), exact=True).click()
    variations = page.get_by_role("group", name=visit.say("Variations", "Variaciones")).get_by_role("button")
    expect(variations).to_have_count(3)
    expect(page.get_by_text(WORDS["es" if visit.spanish else "en"]["finished"]).first).to_be_visible(timeout=60_000)
    seeds = set()
    for index in range(3):
        variations.nth(index).click()
        expect(variations.nth(index)).to_have_attribute("aria-pressed", "true")
        seeds.add(page.locator("e-stage .tag").text_content())
    assert len(seeds) == 3


def test_a_wrong_seed_is_told_beside_its_field(open_page: Open) -> None:
    page = open_page()
    page.goto("/")
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("-4")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(seed).to_have_accessible_description(re.compile("A whole number from 0"))
    expect(seed).to_be_focused()
    page.get_by_role("button", name="Throw the dice").click()
    expect(seed).to_have_accessible_description(re.compile("The same seed"))
