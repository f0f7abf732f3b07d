"""The frame of all pages: navigation, keyboard, screen sizes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import PHONE, Open

pytestmark = pytest.mark.web

#: The focused control of the page, and whether something that sticks to an edge of the window covers its middle.
_FOCUSED = """() => {
    const control = document.activeElement;
    if (!control.closest('main')) return null;
    const {left, right, top, bottom} = (control.closest('label') ?? control).getBoundingClientRect();
    const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const cover = found?.closest('e-player-bar, .send, .shell-nav, .top');
    return {name: control.outerHTML.slice(0, 120), isCovered: !found || (!!cover && !cover.contains(control))};
}"""


def covered_controls(page: Page) -> list[str]:
    """Press Tab through the page. Returns the controls that are covered while they have the focus."""
    page.locator("#main").focus()
    covered, count = [], 0
    while True:
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None:
            break
        count += 1
        covered += [focused["name"]] if focused["isCovered"] else []
    assert count > 10
    return covered


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


@pytest.mark.parametrize("size", [(1280, 800), PHONE])
def test_the_focus_is_never_hidden(open_page: Open, size: tuple[int, int]) -> None:
    """WCAG 2.2, success criterion 2.4.11."""
    page = open_page(size)
    page.goto("/")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_text("Finished: ").first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    assert covered_controls(page) == []
    page.get_by_role("main").get_by_role("link", name="Details").click()
    expect(page.get_by_role("main").get_by_role("link", name="Edit notes")).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    assert covered_controls(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 600, 768, 1024, 1920, 3840])
def test_pages_fit_screens_of_every_width(open_page: Open, width: int) -> None:
    page = open_page((width, 900))
    for path in ("/", "/library", "/explore", "/compare", "/login", "/register"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is wider"
