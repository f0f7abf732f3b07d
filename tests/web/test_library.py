"""A listener looks after their pieces: searches, hears, renames, deletes and regrets it, gathers, imports."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Product
from tests.web.conftest import ENGLISH_DESK, SPANISH_PHONE, Visit, token_of, told_first
from tests.web.tunes import import_midi, two_notes

pytestmark = pytest.mark.web


@pytest.fixture
def listener(product: Product, name: str) -> str:
    """Somebody with three imported pieces."""
    with product.client() as client:
        headers = token_of(client, name)
        for title in ("Nocturne for a rainy day", "Étude in the morning", "Sketch"):
            import_midi(client, title, headers)
    return name


def test_search_as_you_type_stands_in_the_address_and_survives_the_back_button(visit: Visit, listener: str) -> None:
    page = visit.page
    visit.log_in(listener)
    expect(page.get_by_role("row")).to_have_count(4)
    page.get_by_role("searchbox").press_sequentially("etu")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?q=etu$"))
    page.get_by_role("link", name="Étude in the morning").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Étude in the morning")
    expect(page.get_by_text(visit.say("Piano roll, 2 notes, 0:01", "Pianola, 2 notas, 0:01"))).to_be_attached()
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("etu")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_role("heading", name=visit.say("Nothing fits", "Nada encaja"))).to_be_visible()


@told_first(ENGLISH_DESK)
def test_pieces_are_filtered_and_put_into_order(visit: Visit, product: Product, name: str) -> None:
    with product.client() as client:
        headers = token_of(client, name)
        for title, tags in (("Zephyr", ["wind"]), ("Aria", ["wind", "voice"]), ("Minuet", [])):
            song = import_midi(client, title, headers)
            client.patch(f"/songs/{song}", json={"tags": tags}, headers=headers).raise_for_status()
    page, say = visit.page, visit.say
    visit.log_in(name)
    titles = page.get_by_role("row").locator("td.title a")
    expect(titles).to_have_text(["Minuet", "Aria", "Zephyr"])
    page.get_by_label(say("Order", "Orden"), exact=True).select_option(say("By title", "Por título"))
    expect(titles).to_have_text(["Aria", "Minuet", "Zephyr"])
    page.get_by_role("button", name=say("Filters", "Filtros")).click()
    page.get_by_label(say("Tag", "Etiqueta"), exact=True).select_option("wind")
    expect(titles).to_have_text(["Aria", "Zephyr"])
    page.reload()
    expect(titles).to_have_text(["Aria", "Zephyr"])
    page.get_by_role("button", name=say("Filters, one in use", "Filtros, uno activo")).click()
    page.get_by_label(say("Length in seconds from", "Duración en segundos desde")).fill("100")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=say("Nothing fits", "Nada encaja"))).to_be_visible()
    page.get_by_role("button", name=say("Clear all", "Quitar todos")).click()
    expect(titles).to_have_count(3)


def test_music_goes_on_while_browsing(visit: Visit, listener: str) -> None:
    page = visit.page
    visit.log_in(listener)
    page.get_by_role("button", name=visit.say("Play Sketch", "Reproducir Sketch")).click()
    player = page.get_by_role("region", name=visit.say("Player", "Reproductor"))
    expect(player.get_by_role("button", name=visit.say("Pause", "Pausar"))).to_be_visible(timeout=30_000)
    page.get_by_role("link", name=visit.say("Compose", "Componer"), exact=True).click()
    expect(player.get_by_role("link", name="Sketch")).to_be_visible()
    player.get_by_role("button", name=visit.say("Close the player", "Cerrar el reproductor")).click()
    expect(player).to_be_hidden()


@told_first(SPANISH_PHONE)
def test_a_piece_is_downloaded_in_every_format_with_its_options(visit: Visit, listener: str) -> None:
    page, say = visit.page, visit.say
    visit.log_in(listener)

    def download(format_: str, options: dict[str, str]) -> bytes:
        page.get_by_role("button", name=say("More about Sketch", "Más sobre Sketch")).click()
        page.get_by_role("menuitem", name=say("Download", "Descargar")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(format_, exact=True).click()
        for label, value in options.items():
            dialog.get_by_label(label, exact=True).select_option(value)
        with page.expect_download() as got:
            dialog.get_by_role("button", name=say("Download", "Descargar")).click()
        expect(dialog).to_be_hidden()
        ending = {"MIDI": "mid"}.get(format_, format_.lower())
        assert got.value.suggested_filename == f"Sketch.{ending}"
        return got.value.path().read_bytes()

    depth, rate = say("Bit depth", "Profundidad de bits"), say("Bit rate", "Tasa de bits")
    assert download("MIDI", {}).startswith(b"MThd")
    wave = download("WAV", {depth: "24"})
    assert (wave[:4], int.from_bytes(wave[34:36], "little")) == (b"RIFF", 24)
    assert download("FLAC", {depth: "16"}).startswith(b"fLaC")
    vorbis, opus = download("Ogg", {}), download("Opus", {rate: "64"})
    assert (vorbis[:4], vorbis[28:35]) == (b"OggS", b"\x01vorbis")
    assert (opus[:4], opus[28:36]) == (b"OggS", b"OpusHead")
    small, large = download("MP3", {rate: "128"}), download("MP3", {rate: "320"})
    assert small[:3] == b"ID3" or small[0] == 0xFF
    assert len(large) > 2 * len(small)


def test_a_piece_is_renamed_deleted_and_brought_back(visit: Visit, listener: str) -> None:
    page, say = visit.page, visit.say
    visit.log_in(listener)
    page.get_by_role("button", name=say("More about Sketch", "Más sobre Sketch")).click()
    page.get_by_role("menuitem", name=say("Rename and edit", "Renombrar y editar")).click()
    dialog = page.get_by_role("dialog")
    title = dialog.get_by_label(say("Title", "Título"))
    title.fill("")
    dialog.get_by_role("button", name=say("Save", "Guardar")).click()
    expect(title).to_have_accessible_description(say("A title is needed.", "Hace falta un título."))
    title.fill("Rondo")
    dialog.get_by_label(say("Tags", "Etiquetas")).fill("rain, piano")
    dialog.get_by_role("button", name=say("Save", "Guardar")).click()
    piece = page.get_by_role("link", name="Rondo")
    expect(piece).to_be_visible()
    expect(page.get_by_text("rain", exact=True)).to_be_visible()
    page.get_by_role("button", name=say("More about Rondo", "Más sobre Rondo")).click()
    page.get_by_role("menuitem", name=say("Delete", "Borrar")).click()
    expect(piece).to_be_hidden()
    page.get_by_role("button", name=say("Undo", "Deshacer")).click()
    expect(piece).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "the page is wider than the screen"
    )


def test_playlists_are_made_filled_and_emptied(visit: Visit, listener: str) -> None:
    page, say = visit.page, visit.say
    visit.log_in(listener)
    for title in ("Sketch", "Nocturne for a rainy day"):
        page.get_by_role("button", name=say(f"More about {title}", f"Más sobre {title}")).click()
        page.get_by_role("menuitem", name=say("Add to a playlist", "Añadir a una lista")).click()
        dialog = page.get_by_role("dialog")
        if title == "Sketch":
            dialog.get_by_label(say("Name of the playlist", "Nombre de la lista")).fill("For rainy days")
            dialog.get_by_role("button", name=say("Create", "Crear")).click()
        else:
            dialog.get_by_role("button", name="For rainy days").click()
        expect(dialog).to_be_hidden()
    page.get_by_role("link", name=say("Playlists", "Listas")).click()
    page.get_by_role("link", name="For rainy days").click()
    pieces = page.get_by_role("main").get_by_role("listitem")
    expect(pieces.filter(has=page.get_by_role("link", name="Sketch"))).to_be_visible()
    page.get_by_role("button", name=say("Move Nocturne", "Subir Nocturne")).click()
    page.reload()
    expect(pieces.first).to_contain_text("Nocturne")
    page.get_by_role("button", name=say("Take Sketch out", "Quitar Sketch")).click()
    expect(pieces).to_have_count(1)


def test_a_midi_file_is_imported_and_another_file_refused(visit: Visit, listener: str, tmp_path: Path) -> None:
    page = visit.page
    visit.log_in(listener)
    good, bad = tmp_path / "Own tune.mid", tmp_path / "picture.mid"
    good.write_bytes(two_notes())
    bad.write_bytes(b"\x89PNG" * 50)
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(good)
    expect(page.get_by_role("link", name="Own tune")).to_be_visible()
    chooser.set_input_files(bad)
    notices = page.get_by_role("region", name=visit.say("Notifications", "Avisos"))
    expect(notices).to_contain_text(re.compile(visit.say("another look", "otra mirada")))
    expect(page.get_by_role("row")).to_have_count(5)
