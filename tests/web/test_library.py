"""A listener looks after their pieces: searches, hears, renames, deletes and regrets it, gathers, imports."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product
from tests.web.conftest import PASSWORD, PHONE, Open

pytestmark = pytest.mark.web


def midi() -> bytes:
    """Two notes, one after the other."""
    events = bytes.fromhex("00 ff5103 07a120 00 903c64 60 803c00 00 904064 60 804000 00 ff2f00")
    head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96])
    return head + b"MTrk" + len(events).to_bytes(4, "big") + events


@pytest.fixture
def listener(product: Product, name: str) -> str:
    """Somebody with three imported pieces."""
    with product.client() as client:
        client.post("/auth/users", json={"username": name, "password": PASSWORD}).raise_for_status()
        form = {"grant_type": "password", "username": name, "password": PASSWORD}
        token = client.post("/auth/token", data=form).raise_for_status().json()["access_token"]
        for title in ("Nocturne for a rainy day", "Étude in the morning", "Sketch"):
            _import(client, title, token)
    return name


def _import(client: httpx.Client, title: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "audio/midi"}
    client.post("/library/imports", params={"title": title}, content=midi(), headers=headers).raise_for_status()


def log_in(page: Page, name: str, *, spanish: bool = False) -> None:
    page.goto("/login")
    page.get_by_label("Nombre" if spanish else "Name", exact=True).fill(name)
    page.get_by_label("Contraseña" if spanish else "Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Entrar" if spanish else "Log in").click()
    expect(page).to_have_url(re.compile("/library$"))


def test_search_as_you_type_stands_in_the_address_and_survives_the_back_button(open_page: Open, listener: str) -> None:
    page = open_page()
    log_in(page, listener)
    expect(page.get_by_role("row")).to_have_count(4)
    page.get_by_role("searchbox").press_sequentially("etu")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?q=etu$"))
    page.get_by_role("link", name="Étude in the morning").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Étude in the morning")
    expect(page.get_by_text("Piano roll, 2 notes, 0:01")).to_be_attached()
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("etu")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()


def test_music_goes_on_while_browsing(open_page: Open, listener: str) -> None:
    page = open_page()
    log_in(page, listener)
    page.get_by_role("button", name="Play Sketch").click()
    player = page.get_by_role("region", name="Player")
    expect(player.get_by_role("button", name="Pause")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Compose", exact=True).click()
    expect(player.get_by_role("link", name="Sketch")).to_be_visible()
    player.get_by_role("button", name="Close the player").click()
    expect(player).to_be_hidden()


def test_a_piece_is_renamed_deleted_and_brought_back_on_a_phone_in_spanish(open_page: Open, listener: str) -> None:
    page = open_page(PHONE, language="es")
    log_in(page, listener, spanish=True)
    page.get_by_role("button", name="Más sobre Sketch").click()
    page.get_by_role("menuitem", name="Renombrar y editar").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Título").fill("")
    dialog.get_by_role("button", name="Guardar").click()
    expect(dialog.get_by_label("Título")).to_have_accessible_description("Hace falta un título.")
    dialog.get_by_label("Título").fill("Boceto")
    dialog.get_by_label("Etiquetas").fill("lluvia, piano")
    dialog.get_by_role("button", name="Guardar").click()
    expect(page.get_by_role("link", name="Boceto")).to_be_visible()
    expect(page.get_by_text("lluvia")).to_be_visible()
    page.get_by_role("button", name="Más sobre Boceto").click()
    page.get_by_role("menuitem", name="Borrar").click()
    expect(page.get_by_role("link", name="Boceto")).to_be_hidden()
    page.get_by_role("button", name="Deshacer").click()
    expect(page.get_by_role("link", name="Boceto")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "the page is wider than the phone"
    )


def test_playlists_are_made_filled_and_emptied(open_page: Open, listener: str) -> None:
    page = open_page()
    log_in(page, listener)
    for title in ("Sketch", "Nocturne for a rainy day"):
        page.get_by_role("button", name=f"More about {title}").click()
        page.get_by_role("menuitem", name="Add to a playlist").click()
        dialog = page.get_by_role("dialog")
        if title == "Sketch":
            dialog.get_by_label("Name of the playlist").fill("For rainy days")
            dialog.get_by_role("button", name="Create").click()
        else:
            dialog.get_by_role("button", name="For rainy days").click()
        expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Playlists").click()
    page.get_by_role("link", name="For rainy days").click()
    expect(page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Sketch"))).to_be_visible()
    page.get_by_role("button", name="Move Nocturne for a rainy day up").click()
    page.reload()
    expect(page.get_by_role("main").get_by_role("listitem").first).to_contain_text("Nocturne")
    page.get_by_role("button", name="Take Sketch out").click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)


def test_a_midi_file_is_imported_and_another_file_refused(open_page: Open, listener: str, tmp_path: Path) -> None:
    page = open_page()
    log_in(page, listener)
    good, bad = tmp_path / "Own tune.mid", tmp_path / "picture.mid"
    good.write_bytes(midi())
    bad.write_bytes(b"\x89PNG" * 50)
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(good)
    expect(page.get_by_role("link", name="Own tune")).to_be_visible()
    chooser.set_input_files(bad)
    expect(page.get_by_role("region", name="Notifications")).to_contain_text(re.compile("another look"))
    expect(page.get_by_role("row")).to_have_count(5)
