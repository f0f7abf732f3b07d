"""Without a connection: the application starts, kept pieces play, and what needs the server says so."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product
from tests.web.conftest import PHONE, Open, Visit, register
from tests.web.midi_files import import_midi
from tests.web.sound import listen, milliseconds_to_sound

pytestmark = pytest.mark.web

_CACHES = "caches.keys().then(names => names.filter(name => name.startsWith('euterpe-kept-')))"


def test_a_kept_piece_plays_offline_until_the_user_logs_out(open_page: Open, product: Product, name: str) -> None:
    visit = Visit(open_page(PHONE, language="es", service_worker=True), spanish=True)
    page = visit.page
    with product.client() as client:
        song_id = import_midi(client, "Lluvia", register(client, name))
    visit.log_in(name)
    page.goto(f"/library/songs/{song_id}")
    page.get_by_role("button", name="Más acciones para Lluvia").click()
    page.get_by_role("menuitem", name="Conservar sin conexión").click()
    expect(page.get_by_text("«Lluvia» puede reproducirse sin conexión.")).to_be_visible(timeout=60_000)

    page.context.set_offline(True)
    page.goto("/library")
    expect(page.get_by_role("heading", name="No hay conexión")).to_be_visible()
    page.get_by_role("link", name="Piezas sin conexión").click()
    listen(page)
    page.reload()
    page.get_by_role("button", name="Reproducir Lluvia").click()
    milliseconds_to_sound(page)
    page.get_by_role("link", name="Lluvia").first.click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("No hay conexión con Euterpe"))

    page.context.set_offline(False)
    page.goto("/account")
    assert len(page.evaluate(_CACHES)) == 1
    page.get_by_role("button", name="Cerrar sesión", exact=True).first.click()
    expect(page).not_to_have_url(re.compile("/account"))
    page.goto("/library/offline")
    expect(page.get_by_role("heading", name="No has conservado ninguna pieza")).to_be_visible()
    assert page.evaluate(_CACHES) == []


def test_the_application_can_be_installed(open_page: Open) -> None:
    page: Page = open_page()
    page.goto("/")
    session = page.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Contexts of tests are private windows.
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
