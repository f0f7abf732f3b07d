"""The listening test, from opening the page to the answer."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SPANISH_PHONE, Visit, fast_variant
from tests.web.test_accessibility import Inspector

pytestmark = pytest.mark.web


@fast_variant(SPANISH_PHONE)
def test_a_pair_is_played_and_answered_before_it_is_revealed(visit: Visit) -> None:
    page, text, inspector = visit.page, visit.text, Inspector(visit)
    page.goto("/explore")
    page.get_by_role("link", name=text("Listening test", "Test de escucha")).click()
    expect(page).to_have_url(re.compile("/listen$"))
    page.get_by_role("button", name=text("Start", "Empezar")).click()
    articles = page.get_by_role("article")
    expect(articles).to_have_count(2)
    by_person, answer = text("By a person", "De una persona"), text("Show the answer", "Ver la respuesta")
    expect(page.get_by_text(by_person, exact=True)).to_have_count(0)
    page.get_by_role("button", name=answer).click()
    expect(page.get_by_role("alert")).to_have_text(
        text("Listen to both pieces first.", "Escucha primero las dos piezas.")
    )
    for name in ("A", "B"):
        page.get_by_role("button", name=text(f"Play Piece {name}", f"Reproducir Pieza {name}")).click()
        pause = text(f"Pause Piece {name}", f"Pausar Pieza {name}")
        expect(page.get_by_role("button", name=pause)).to_be_visible()
    better = text("Which do you like better?", "¿Cuál te gusta más?")
    page.get_by_role("group", name=better).get_by_text("A", exact=True).click()
    person = text("Which is by a person?", "¿Cuál es de una persona?")
    page.get_by_role("group", name=person).get_by_text("B", exact=True).click()
    inspector.check("pair")
    page.get_by_role("button", name=answer).click()
    expect(page.get_by_text(by_person, exact=True)).to_have_count(1)
    expect(page.get_by_role("link", name="OpenScore")).to_be_visible()
    expect(
        page.get_by_text(re.compile(text("You were right [01] of 1 time", "Has acertado [01] de 1 vez")))
    ).to_be_visible()
    expect(page.get_by_role("button", name=text("Next pair", "Siguiente pareja"))).to_be_visible()
    inspector.check("answer")
    assert not inspector.violations, "\n".join(inspector.violations)
