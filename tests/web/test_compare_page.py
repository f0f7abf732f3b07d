"""A listener compares ways to compose, hears one, and keeps it."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SPANISH_PHONE, Visit, told_first

pytestmark = pytest.mark.web


def test_strategies_are_compared_heard_and_one_is_kept(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name=visit.say("Compare", "Comparar")).click()
    ways = page.get_by_role("group", name=visit.say("Ways to choose the next note", "Maneras de elegir"))
    for way in (visit.say("Top k", "Los k mejores"), visit.say("Top k and p", "k mejores y núcleo")):
        ways.get_by_role("button", name=way, exact=True).click()
    page.get_by_role("button", name=visit.say("Compare", "Comparar"), exact=True).click()
    results = page.get_by_role("region", name=visit.say("Side by side", "Una junto a otra")).get_by_role("article")
    expect(results).to_have_count(4)
    beam = visit.say("Beam search", "Búsqueda en haz")
    page.get_by_role("button", name=visit.say(f"Play {beam}", f"Reproducir {beam}")).click()
    expect(page.get_by_role("button", name=visit.say(f"Pause {beam}", f"Pausar {beam}"))).to_be_visible()
    expect(results.get_by_text(visit.say("in one scale", "en una escala"))).to_have_count(4)
    page.reload()
    expect(results).to_have_count(4)
    page.get_by_role(
        "button", name=re.compile(visit.say(f"Keep this one.*{beam}", f"Quedarse con esta.*{beam}"))
    ).click()
    expect(results).to_have_count(1)
    page.goto("/library")
    expect(page.get_by_role("row")).to_have_count(2)


@told_first(SPANISH_PHONE)
def test_one_way_alone_is_no_comparison(visit: Visit) -> None:
    page, say = visit.page, visit.say
    page.goto("/compare")
    for way in (
        say("Greedy", "Voraz"),
        say("Temperature", "Temperatura"),
        say("Top k", "Los k mejores"),
        say("Top p", "Núcleo (p)"),
        say("Top k and p", "k mejores y núcleo"),
    ):
        page.get_by_role("button", name=way, exact=True).click()
    expect(page.get_by_role("alert")).to_have_text(say("Choose two ways at least.", "Elige al menos dos maneras."))
    expect(page.get_by_role("button", name=say("Compare", "Comparar"), exact=True)).to_be_disabled()
