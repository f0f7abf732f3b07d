"""The compare page: sampling strategies are compared, played, and one piece is kept."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import ENGLISH_DESKTOP, SPANISH_PHONE, Visit, fast_variant

pytestmark = pytest.mark.web


def test_strategies_are_compared_and_one_piece_is_kept(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name=visit.text("Compare", "Comparar")).click()
    strategies = page.get_by_role("group", name=visit.text("Sampling strategies", "Estrategias de muestreo"))
    for strategy in (visit.text("Top k", "Los k mejores"), visit.text("Top k and p", "k mejores y núcleo")):
        strategies.get_by_role("button", name=strategy, exact=True).click()
    page.get_by_role("button", name=visit.text("Compare", "Comparar"), exact=True).click()
    results = page.get_by_role("region", name=visit.text("Results", "Resultados")).get_by_role("article")
    expect(results).to_have_count(4)
    beam = visit.text("Beam search", "Búsqueda en haz")
    page.get_by_role("button", name=visit.text(f"Play {beam}", f"Reproducir {beam}")).click()
    expect(page.get_by_role("button", name=visit.text(f"Pause {beam}", f"Pausar {beam}"))).to_be_visible()
    expect(results.get_by_text(visit.text("notes in key", "notas en la tonalidad"))).to_have_count(4)
    page.reload()
    expect(results).to_have_count(4)
    page.get_by_role(
        "button", name=re.compile(visit.text(f"Keep only this.*{beam}", f"Conservar solo esta.*{beam}"))
    ).click()
    expect(results).to_have_count(1)
    page.goto("/library")
    expect(page.get_by_role("row")).to_have_count(2)


@fast_variant(ENGLISH_DESKTOP)
def test_models_are_compared(visit: Visit) -> None:
    page, text = visit.page, visit.text
    page.goto("/compare")
    page.get_by_role("button", name=text("Models", "Modelos"), exact=True).click()
    # Those whose pieces have the requested number of bars are selected.
    page.locator("#parameter-bars").fill("4")
    with page.expect_request("**/api/v1/comparisons") as sent:
        page.get_by_role("button", name=text("Compare", "Comparar"), exact=True).click()
    body = sent.value.post_data_json
    assert [variant["model"] for variant in body["variants"]] == ["ensemble", "melody-folk", "melody-pop"]
    assert body["parameters"]["bars"] == 4
    results = page.get_by_role("region", name=text("Results", "Resultados")).get_by_role("article")
    expect(results).to_have_count(3)
    expect(results.get_by_role("heading")).to_have_text(
        [text("Ensemble", "Conjunto"), text("Folk tunes", "Melodías folk"), text("Pop songs", "Canciones pop")]
    )
    folk = text("Play Folk tunes", "Reproducir Melodías folk")
    expect(page.get_by_role("button", name=folk)).to_be_visible(timeout=60_000)


@fast_variant(SPANISH_PHONE)
def test_a_comparison_needs_two_strategies(visit: Visit) -> None:
    page, text = visit.page, visit.text
    page.goto("/compare")
    for strategy in (
        text("Greedy", "Voraz"),
        text("Temperature", "Temperatura"),
        text("Top k", "Los k mejores"),
        text("Top p", "Núcleo (p)"),
        text("Top k and p", "k mejores y núcleo"),
    ):
        page.get_by_role("button", name=strategy, exact=True).click()
    expect(page.get_by_role("alert")).to_have_text(
        text("Choose at least two strategies.", "Elige al menos dos estrategias.")
    )
    expect(page.get_by_role("button", name=text("Compare", "Comparar"), exact=True)).to_be_disabled()
