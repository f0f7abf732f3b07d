"""The editor of a song's notes: mouse, keyboard, touch, versions, and composing in the piece."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.product import Product
from tests.web.conftest import ENGLISH_DESKTOP, SPANISH_PHONE, Open, Visit, fast_variant, register
from tests.web.midi_files import melody_midi
from tests.web.sound import listen, milliseconds_to_sound
from tests.web.test_accessibility import Inspector

pytestmark = pytest.mark.web


@pytest.fixture
def product(tiny_ensemble_product: Product) -> Product:
    """A product whose only model is a tiny ensemble."""
    return tiny_ensemble_product


@pytest.fixture
def song(product: Product, name: str) -> Iterator["Song"]:
    """Register `name` with a song of four bars of 4/4 in quarter notes."""
    with product.client() as client:
        headers = register(client, name)
        kind = {"Content-Type": "audio/midi"}
        answer = client.post(
            "/library/imports", params={"title": "Tune"}, content=melody_midi(), headers=headers | kind
        )
        yield Song(client, headers, answer.raise_for_status().json()["id"])


class Song:
    """A song in the library, as the API has it."""

    def __init__(self, client: httpx.Client, headers: dict[str, str], song_id: str) -> None:
        self._client, self._headers, self.id = client, headers, song_id

    def get(self, path: str) -> Any:
        answer = self._client.get(f"/songs/{self.id}{path}", headers=self._headers)
        return answer.raise_for_status().json()

    @property
    def notes(self) -> list[list[int]]:
        notes: list[list[int]] = self.get("/notes")["notes"]
        return notes

    def save(self, notes: list[list[int]]) -> None:
        read = self.get("/notes")
        tracks = [track | {"source": number} for number, track in enumerate(read["tracks"])]
        body = {"base_number": read["version"], "tracks": tracks, "notes": notes, "tempos": read["tempos"]}
        self._client.post(f"/songs/{self.id}/versions", json=body, headers=self._headers).raise_for_status()


def open_editor(visit: Visit, name: str, song: Song) -> Page:
    visit.log_in(name)
    visit.page.goto(f"/library/songs/{song.id}")
    visit.page.get_by_role("main").get_by_role("link", name=visit.text("Edit notes", "Editar notas")).click()
    expect(roll(visit)).to_be_visible()
    return visit.page


def roll(visit: Visit) -> Any:
    return visit.page.get_by_role("application", name=visit.text("Piano roll editor", "Editor de pianola"))


def selection(visit: Visit) -> Any:
    return visit.page.locator("#roll-selection")


def save(visit: Visit, number: int) -> None:
    visit.page.get_by_role("button", name=visit.text("Save as new version", "Guardar como versión nueva")).click()
    saved = visit.text(f"Saved as version {number}.", f"Guardada como versión {number}.")
    expect(visit.page.get_by_text(saved)).to_be_visible()


@fast_variant(ENGLISH_DESKTOP)
def test_notes_are_edited_by_keyboard_and_mouse_and_the_original_is_restored(
    visit: Visit, name: str, song: Song, tmp_path: Path
) -> None:
    listen(visit.page)
    page = open_editor(visit, name, song)
    before = song.notes
    roll(visit).focus()
    page.keyboard.press("ArrowRight")
    expect(selection(visit)).to_contain_text(visit.text("C4, bar 1, beat 1", "C4, compás 1, pulso 1"))
    for key in ("ArrowUp", "ArrowUp", "Alt+ArrowRight", "Alt+Shift+ArrowLeft", "+"):
        page.keyboard.press(key)
    expect(selection(visit)).to_contain_text(visit.text("D4, bar 1, beat 1.25", "D4, compás 1, pulso 1,25"))
    page.keyboard.press("ArrowRight")
    # Copied notes are pasted, and humanised within an amount.
    for key in ("Control+a", "Control+c", "Control+v"):
        page.keyboard.press(key)
    expect(selection(visit)).to_contain_text(visit.text("16 notes selected", "16 notas seleccionadas"))
    page.get_by_role("button", name=visit.text("Humanize", "Humanizar")).click()
    save(visit, 2)
    humanised = song.notes[16:]
    assert len(humanised) == 16
    assert len({note[3] for note in humanised}) > 3, "velocities differ"
    assert any(note[0] % 12 for note in humanised), "notes are off the grid"
    roll(visit).focus()
    for _ in range(2):
        page.keyboard.press("Control+z")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    # A click on an empty place in the draw tool adds a note.
    page.keyboard.press("b")
    box = roll(visit).bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + 80)
    expect(selection(visit)).to_contain_text(visit.text("One note selected", "Una nota seleccionada"))
    page.screenshot(path=tmp_path / "editor.png", full_page=True)
    save(visit, 3)
    after = song.notes
    assert len(after) == len(before) + 1
    assert [24, 72, 62, 95, 0] in after
    page.get_by_role("button", name=visit.text("Restore version 1", "Restaurar la versión 1")).click()
    restored = visit.text("Version 1 is restored as version 4.", "La versión 1 está restaurada como versión 4.")
    expect(page.get_by_text(restored)).to_be_visible()
    assert song.notes == before
    page.get_by_role("main").get_by_role("button", name=visit.text("Play Tune", "Reproducir Tune")).click()
    assert milliseconds_to_sound(page) > 0


@fast_variant(SPANISH_PHONE)
def test_bars_are_selected_in_the_ruler_and_edited_by_fields(
    visit: Visit, name: str, song: Song, tmp_path: Path
) -> None:
    page = open_editor(visit, name, song)
    box = roll(visit).bounding_box()
    page.mouse.click(box["x"] + 60, box["y"] + 10)
    expect(selection(visit)).to_contain_text(visit.text("4 notes selected", "4 notas seleccionadas"))
    page.get_by_role("button", name=visit.text("Octave up", "Subir una octava")).click()
    page.get_by_label(visit.text("Velocity", "Intensidad"), exact=True).fill("33")
    page.get_by_label(visit.text("Velocity", "Intensidad"), exact=True).blur()
    page.get_by_label(visit.text("From bar", "Desde el compás"), exact=True).fill("3")
    page.get_by_label("Tempo (bpm)", exact=True).fill("60")
    page.get_by_role("button", name=visit.text("Set tempo", "Poner tempo")).click()
    page.get_by_label(visit.text("New track", "Pista nueva"), exact=True).select_option(visit.text("Flute", "Flauta"))
    page.get_by_role("button", name=visit.text("Add track", "Añadir pista")).click()
    page.get_by_label(visit.text("Track", "Pista"), exact=True).select_option("1")
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    save(visit, 2)
    read = song.get("/notes")
    assert [note[2:] for note in read["notes"] if note[4] == 1] == [[p, 33, 1] for p in (72, 76, 79, 76)]
    assert read["tempos"] == [{"tick": 0, "bpm": 120.0}, {"tick": 768, "bpm": 60.0}]
    assert read["tracks"][1]["program"] == 73


@fast_variant(ENGLISH_DESKTOP)
def test_a_version_that_was_saved_in_another_tab_is_kept(visit: Visit, name: str, song: Song) -> None:
    page = open_editor(visit, name, song)
    song.save(song.notes[:3])
    roll(visit).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("ArrowUp")
    page.get_by_role("button", name=visit.text("Save as new version", "Guardar como versión nueva")).click()
    message = visit.text("Version 2 was saved elsewhere", "se guardó la versión 2 en otro lugar")
    expect(page.get_by_text(message)).to_be_visible()
    assert [each["number"] for each in song.get("/versions")["items"]] == [3, 2, 1]
    assert len(song.notes) == 16
    # The saved notes can be left without a question.
    page.get_by_role("link", name=visit.text("Back to the piece", "Volver a la pieza")).click()
    expect(page).to_have_url(re.compile(f"{song.id}$"))


def test_bars_are_regenerated_with_chords_and_an_alternative_is_used(visit: Visit, name: str, song: Song) -> None:
    page, text = open_editor(visit, name, song), visit.text
    before = song.notes
    panel = page.get_by_role("region", name=text("Compose here", "Componer aquí"))
    panel.get_by_label(text("First bar", "Primer compás"), exact=True).fill("2")
    panel.get_by_label(text("Last bar", "Último compás"), exact=True).fill("3")
    chords = panel.get_by_label(text("Chords", "Acordes"), exact=True)
    chords.fill("Am H7")
    panel.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    wrong = text("Bar 2: “H7” is not a chord.", "Compás 2: «H7» no es un acorde.")
    expect(panel.get_by_role("alert")).to_contain_text(wrong)
    chords.fill("Am")
    # More bars are added and chosen by clicking, or by keys.
    panel.get_by_role("button", name=text("Add bar", "Añadir compás")).press("Enter")
    second = panel.get_by_role("group", name=text("Chords of bar 3", "Acordes del compás 3"))
    second.get_by_label(text("Root of chord 1", "Fundamental del acorde 1")).select_option("D")
    second.get_by_label(text("Quality of chord 1", "Tipo del acorde 1")).select_option("m7")
    second.get_by_role("button", name=text("Add second chord", "Añadir segundo acorde")).click()
    second.get_by_label(text("Root of chord 2", "Fundamental del acorde 2")).select_option("F")
    second.get_by_label(text("Quality of chord 2", "Tipo del acorde 2")).select_option("")
    expect(chords).to_have_value("| Am | Dm7 F |")
    panel.get_by_label(text("Alternatives", "Alternativas"), exact=True).select_option("2")
    with page.expect_request("**/api/v1/generations") as sent:
        panel.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    request = sent.value.post_data_json
    assert (request["prompt"]["first_bar"], request["prompt"]["last_bar"], request["prompt"]["tracks"]) == (2, 3, [1])
    assert (request["count"], request["parameters"]["chords"]) == (2, "- | Am | Dm7 F")
    use = panel.get_by_role("button", name=text("Use", "Usar"), exact=True)
    expect(use).to_have_count(2, timeout=60_000)
    panel.get_by_role("button", name=text("Show", "Ver"), exact=True).last.click()
    inspector = Inspector(visit)
    # Where the page is scrolled to, the navigation at the bottom may cover half of a control.
    page.evaluate("scrollTo(0, 0)")
    inspector.check("editor with alternatives")
    assert not inspector.violations, "\n".join(inspector.violations)
    save_button = page.get_by_role("button", name=text("Save as new version", "Guardar como versión nueva"))
    expect(save_button).to_be_disabled()
    panel.get_by_role("button", name=text("Back to my notes", "Volver a mis notas")).click()
    expect(use).to_have_count(0)
    panel.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    expect(use).to_have_count(2, timeout=60_000)
    use.first.click()
    save(visit, 2)
    after = song.notes
    outside = [note for note in before if not 384 <= note[0] < 1152]
    assert [note for note in after if not 384 <= note[0] < 1152] == outside
    assert after != before
    # The alternatives are not left in the library.
    page.goto("/library")
    expect(page.get_by_text(text("one piece", "una pieza"))).to_be_visible()


def test_a_song_of_another_user_is_saved_as_a_new_piece(open_page: Open, product: Product, song: Song) -> None:
    with product.client() as client:
        body = {"visibility": "public"}
        client.patch(f"/songs/{song.id}", json=body, headers=song._headers).raise_for_status()
    page = open_page()
    page.goto(f"/library/songs/{song.id}/edit")
    page.get_by_role("application").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Save as new piece").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Save as new version")).to_be_hidden()
    page.get_by_role("button", name="Save as new piece").click()
    expect(page.get_by_text("“Tune (edited)” added to your library.")).to_be_visible()
    expect(page.get_by_role("button", name="Save as new version")).to_be_visible()
