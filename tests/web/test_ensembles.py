"""The composer with an ensemble model: instruments, key, meter, chords, and bars that are replaced."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import Visit

pytestmark = pytest.mark.web


@pytest.fixture
def product(tiny_ensemble_product: Product) -> Product:
    """A product whose only model is a tiny ensemble."""
    return tiny_ensemble_product


def test_a_piece_for_chosen_instruments_is_composed_and_changed(visit: Visit, tmp_path: Path) -> None:
    page, text = visit.page, visit.text
    page.goto("/")
    instruments = page.get_by_label(text("Instruments", "Instrumentos"), exact=True)
    instruments.select_option("violin")
    instruments.select_option("violin")
    instruments.select_option("cello")
    page.get_by_label(text("Key", "Tonalidad"), exact=True).select_option("D minor")
    page.get_by_label(text("Meter", "Compás"), exact=True).select_option("3/4")
    chords = page.get_by_label(text("Chords", "Acordes"), exact=True)
    chords.fill("Dm | X")
    chords.blur()
    page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    chords.fill("Dm | Gm A7")
    chords.blur()
    with page.expect_response("**/api/v1/generations") as response:
        page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    parameters = response.value.json()["parameters"]
    assert parameters["parts"] == "violin, violin, cello"
    assert (parameters["key"], parameters["meter"], parameters["chords"]) == ("D minor", "3/4", "Dm | Gm A7")
    assert "tempo" not in parameters
    expect(page.get_by_text(re.compile(text("Finished: ", "Terminada: "))).first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name=re.compile(text("Remove ", "Quitar "))).first.click()
    expect(page.get_by_role("button", name=re.compile(text("Remove ", "Quitar ")))).to_have_count(2)
    page.screenshot(path=tmp_path / "composer.png", full_page=True)


def test_bars_of_a_file_are_replaced(visit: Visit, product: Product, tmp_path: Path) -> None:
    page, text = visit.page, visit.text
    with product.client() as client:
        body = {"seed": 1, "parameters": {"parts": "violin, cello", "bars": 6}}
        made = client.post("/generations", json=body, headers={"Prefer": "wait=60"}).raise_for_status().json()
        midi = client.get(f"/generations/{made['id']}/midi").raise_for_status().content
    file = tmp_path / "mine.mid"
    file.write_bytes(midi)
    page.goto("/")
    page.get_by_label(text("Choose a MIDI file", "Elegir un archivo MIDI")).set_input_files(file)
    page.get_by_role("button", name=text("Replace bars", "Reemplazar compases")).click()
    for label, bar in ((text("First bar", "Primer compás"), "3"), (text("Last bar", "Último compás"), "4")):
        field = page.get_by_label(label, exact=True)
        field.fill(bar)
        field.blur()
    with page.expect_request("**/api/v1/generations") as sent:
        page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    prompt = sent.value.post_data_json["prompt"]
    assert (prompt["use"], prompt["first_bar"], prompt["last_bar"]) == ("replace", 3, 4)
    expect(page.get_by_text(re.compile(text("Finished: ", "Terminada: "))).first).to_be_visible(timeout=60_000)
