"""The library: search, filters, playback, download, edit, delete, playlists, import."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import ENGLISH_DESKTOP, SPANISH_PHONE, Visit, fast_variant, register
from tests.web.midi_files import import_midi, two_note_midi

pytestmark = pytest.mark.web


@pytest.fixture
def user(product: Product, name: str) -> str:
    """Register a user with three imported songs."""
    with product.client() as client:
        headers = register(client, name)
        for title in ("Nocturne for a rainy day", "Étude in the morning", "Sketch"):
            import_midi(client, title, headers)
    return name


def test_a_search_is_kept_in_the_url_and_survives_the_back_button(visit: Visit, user: str) -> None:
    page = visit.page
    visit.log_in(user)
    expect(page.get_by_role("row")).to_have_count(4)
    page.get_by_role("searchbox").press_sequentially("etu")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?q=etu$"))
    page.get_by_role("link", name="Étude in the morning").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Étude in the morning")
    expect(page.get_by_text(visit.text("Piano roll, 2 notes, 0:01", "Pianola, 2 notas, 0:01"))).to_be_attached()
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("etu")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_role("heading", name=visit.text("No results", "Sin resultados"))).to_be_visible()


@fast_variant(ENGLISH_DESKTOP)
def test_songs_are_filtered_and_sorted(visit: Visit, product: Product, name: str) -> None:
    with product.client() as client:
        headers = register(client, name)
        for title, tags in (("Zephyr", ["wind"]), ("Aria", ["wind", "voice"]), ("Minuet", [])):
            song = import_midi(client, title, headers)
            client.patch(f"/songs/{song}", json={"tags": tags}, headers=headers).raise_for_status()
    page, text = visit.page, visit.text
    visit.log_in(name)
    titles = page.get_by_role("row").locator("td.title a")
    expect(titles).to_have_text(["Minuet", "Aria", "Zephyr"])
    page.get_by_label(text("Sort by", "Ordenar por"), exact=True).select_option(text("By title", "Por título"))
    expect(titles).to_have_text(["Aria", "Minuet", "Zephyr"])
    page.get_by_role("button", name=text("Filters", "Filtros")).click()
    page.get_by_label(text("Tag", "Etiqueta"), exact=True).select_option("wind")
    expect(titles).to_have_text(["Aria", "Zephyr"])
    page.reload()
    expect(titles).to_have_text(["Aria", "Zephyr"])
    page.get_by_role("button", name=text("Filters (1)", "Filtros (1)")).click()
    page.get_by_label(text("Length (s) from", "Duración (s) desde")).fill("100")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=text("No results", "Sin resultados"))).to_be_visible()
    page.get_by_role("button", name=text("Clear all", "Quitar todos")).click()
    expect(titles).to_have_count(3)


def test_playback_continues_on_other_pages(visit: Visit, user: str) -> None:
    page = visit.page
    visit.log_in(user)
    page.get_by_role("button", name=visit.text("Play Sketch", "Reproducir Sketch")).click()
    player = page.get_by_role("region", name=visit.text("Player", "Reproductor"))
    expect(player.get_by_role("button", name=visit.text("Pause", "Pausar"))).to_be_visible(timeout=30_000)
    page.get_by_role("link", name=visit.text("Compose", "Componer"), exact=True).click()
    expect(player.get_by_role("link", name="Sketch")).to_be_visible()
    player.get_by_role("button", name=visit.text("Close player", "Cerrar reproductor")).click()
    expect(player).to_be_hidden()


@fast_variant(SPANISH_PHONE)
def test_a_song_is_downloaded_in_every_format(visit: Visit, user: str) -> None:
    page, text = visit.page, visit.text
    visit.log_in(user)

    def download(format_: str, options: dict[str, str]) -> bytes:
        page.get_by_role("button", name=text("Actions for Sketch", "Acciones para Sketch")).click()
        page.get_by_role("menuitem", name=text("Download", "Descargar")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(format_, exact=True).click()
        for label, value in options.items():
            dialog.get_by_label(label, exact=True).select_option(value)
        with page.expect_download() as got:
            dialog.get_by_role("button", name=text("Download", "Descargar")).click()
        expect(dialog).to_be_hidden()
        ending = {"MIDI": "mid"}.get(format_, format_.lower())
        assert got.value.suggested_filename == f"Sketch.{ending}"
        return got.value.path().read_bytes()

    depth, rate = text("Bit depth", "Profundidad de bits"), text("Bit rate", "Tasa de bits")
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


def test_a_song_is_renamed_deleted_and_restored(visit: Visit, user: str) -> None:
    page, text = visit.page, visit.text
    visit.log_in(user)
    page.get_by_role("button", name=text("Actions for Sketch", "Acciones para Sketch")).click()
    page.get_by_role("menuitem", name=text("Rename and edit", "Renombrar y editar")).click()
    dialog = page.get_by_role("dialog")
    title = dialog.get_by_label(text("Title", "Título"))
    title.fill("")
    dialog.get_by_role("button", name=text("Save", "Guardar")).click()
    expect(title).to_have_accessible_description(text("Enter a title.", "Escribe un título."))
    title.fill("Rondo")
    dialog.get_by_label(text("Tags", "Etiquetas")).fill("rain, piano")
    dialog.get_by_role("button", name=text("Save", "Guardar")).click()
    piece = page.get_by_role("link", name="Rondo")
    expect(piece).to_be_visible()
    expect(page.get_by_text("rain", exact=True)).to_be_visible()
    page.get_by_role("button", name=text("Actions for Rondo", "Acciones para Rondo")).click()
    page.get_by_role("menuitem", name=text("Delete", "Borrar")).click()
    expect(piece).to_be_hidden()
    page.get_by_role("button", name=text("Undo", "Deshacer")).click()
    expect(piece).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "the page is wider than the screen"
    )


def test_songs_are_added_to_moved_in_and_removed_from_a_playlist(visit: Visit, user: str) -> None:
    page, text = visit.page, visit.text
    visit.log_in(user)
    for title in ("Sketch", "Nocturne for a rainy day"):
        page.get_by_role("button", name=text(f"Actions for {title}", f"Acciones para {title}")).click()
        page.get_by_role("menuitem", name=text("Add to playlist", "Añadir a una lista")).click()
        dialog = page.get_by_role("dialog")
        if title == "Sketch":
            dialog.get_by_label(text("Playlist name", "Nombre de la lista")).fill("For rainy days")
            dialog.get_by_role("button", name=text("Create", "Crear")).click()
        else:
            dialog.get_by_role("button", name="For rainy days").click()
        expect(dialog).to_be_hidden()
    page.get_by_role("link", name=text("Playlists", "Listas")).click()
    page.get_by_role("link", name="For rainy days").click()
    pieces = page.get_by_role("main").get_by_role("listitem")
    expect(pieces.filter(has=page.get_by_role("link", name="Sketch"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^(Move Nocturne .* up|Subir Nocturne)")).click()
    page.reload()
    expect(pieces.first).to_contain_text("Nocturne")
    page.get_by_role("button", name=text("Play all", "Reproducir todo")).click()
    player = page.get_by_role("region", name=text("Player", "Reproductor"))
    # On a phone, the panel has what the bar has no place for.
    player.get_by_role("button", name=text("Playback options", "Opciones de reproducción")).click()
    player.get_by_role("button", name=text("Next piece", "Pieza siguiente")).click()
    expect(player.get_by_role("link", name="Sketch")).to_be_visible()
    player.get_by_role("button", name=text("Previous piece", "Pieza anterior")).click()
    player.get_by_role("slider", name=text("Volume", "Volumen"), exact=True).fill("0.5")
    player.get_by_role("button", name=text("Close player", "Cerrar reproductor")).click()
    page.get_by_role("button", name=text("Remove Sketch from the playlist", "Quitar Sketch de la lista")).click()
    expect(pieces).to_have_count(1)


def test_a_midi_file_is_imported_and_another_file_rejected(visit: Visit, user: str, tmp_path: Path) -> None:
    page = visit.page
    visit.log_in(user)
    good, bad = tmp_path / "Own tune.mid", tmp_path / "picture.mid"
    good.write_bytes(two_note_midi())
    bad.write_bytes(b"\x89PNG" * 50)
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(good)
    expect(page.get_by_role("link", name="Own tune")).to_be_visible()
    chooser.set_input_files(bad)
    notices = page.get_by_role("region", name=visit.text("Messages", "Mensajes"))
    expect(notices).to_contain_text(re.compile(visit.text("It is not a MIDI file", "No es un archivo MIDI")))
    expect(page.get_by_role("row")).to_have_count(5)


@fast_variant(SPANISH_PHONE)
def test_several_pieces_are_selected_saved_deleted_and_restored(visit: Visit, user: str) -> None:
    page, text = visit.page, visit.text
    visit.log_in(user)
    for title in ("Sketch", "Étude in the morning"):
        page.get_by_role("checkbox", name=text(f"Select {title}", f"Seleccionar {title}")).check()
    bar = page.get_by_role("toolbar", name=text("Selected pieces", "Piezas seleccionadas"))
    expect(bar).to_contain_text(text("2 pieces selected", "2 piezas seleccionadas"))
    with page.expect_download() as download:
        bar.get_by_role("button", name=text("Download as ZIP", "Descargar como ZIP")).click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["Sketch.mid", "Étude in the morning.mid"]
    bar.get_by_role("button", name=text("Publish", "Publicar")).click()
    expect(page.get_by_text(text("2 pieces are public now", "2 piezas son públicas"))).to_be_visible()
    bar.get_by_role("button", name=text("Delete", "Eliminar")).click()
    expect(page.locator("td.title a")).to_have_text(["Nocturne for a rainy day"])
    page.get_by_role("button", name=text("Undo", "Deshacer")).click()
    expect(page.locator("td.title a")).to_have_count(3)
