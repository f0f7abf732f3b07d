"""The frame of all pages: navigation, keyboard, screen sizes."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Open

pytestmark = pytest.mark.web


def test_the_navigation_collapses_and_stays_collapsed(open_page: Open) -> None:
    page = open_page()
    page.goto("/explore")
    navigation = page.get_by_role("navigation", name="Main navigation")
    wide = navigation.bounding_box()
    navigation.get_by_role("button", name="Collapse navigation").click()
    expect(navigation.get_by_role("button", name="Expand navigation")).to_be_visible()
    page.reload()
    expect(navigation.get_by_role("button", name="Expand navigation")).to_be_visible()
    narrow = navigation.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["width"] < wide["width"] / 2
    # The links keep their accessible names.
    navigation.get_by_role("link", name="Library").click()
    expect(page).to_have_url(re.compile("/library$"))


def test_a_piece_is_composed_and_played_with_the_keyboard(open_page: Open) -> None:
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.matches('form[aria-label=Settings] button[type=submit]')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Finished: ").first).to_be_visible(timeout=60_000)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.closest('e-piece-view .actions') !== null"):
            break
    # The piece plays since it was composed.
    page.keyboard.press("Space")
    expect(page.locator("e-piece-view").get_by_role("button", name="Play", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("e-piece-view").get_by_role("button", name="Pause", exact=True)).to_be_focused()


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 600, 768, 1024, 1920, 3840])
def test_pages_fit_screens_of_every_width(open_page: Open, width: int) -> None:
    page = open_page((width, 900))
    for path in ("/", "/library", "/explore", "/compare", "/login", "/register"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is wider"
