"""The account page: password, sessions, API keys, export, deletion."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import ENGLISH_DESKTOP, PASSWORD, SPANISH_PHONE, Open, Visit, fast_variant, register

pytestmark = pytest.mark.web


@pytest.fixture
def user(product: Product, name: str) -> str:
    with product.client() as client:
        register(client, name)
    return name


@fast_variant(ENGLISH_DESKTOP)
def test_an_api_key_is_shown_once_and_can_be_revoked(visit: Visit, product: Product, user: str) -> None:
    page, text = visit.page, visit.text
    visit.log_in(user)
    page.goto("/account")
    page.get_by_label(text("Name", "Nombre"), exact=True).fill("my studio")
    page.get_by_role("button", name=text("Create key", "Crear clave")).click()
    key = page.get_by_role("status").locator("code").inner_text()
    with product.client() as client:
        assert client.post("/auth/api-keys/token", json={"api_key": key}).status_code == 200
        page.reload()
        expect(page.get_by_text("my studio")).to_be_visible()
        expect(page.locator("code")).to_have_count(0)
        page.get_by_role("button", name=text("Revoke", "Revocar")).click()
        expect(page.get_by_text(text("No API keys.", "No hay claves de API."))).to_be_visible()
        assert client.post("/auth/api-keys/token", json={"api_key": key}).status_code == 401


@fast_variant(ENGLISH_DESKTOP)
def test_other_sessions_are_ended_and_the_library_is_exported(visit: Visit, open_page: Open, user: str) -> None:
    page, text = visit.page, visit.text
    other = Visit(open_page(), spanish=False)
    for each in (other, visit):
        each.log_in(user)
    page.goto("/account")
    expect(page.get_by_text(text("this browser", "este navegador"))).to_be_visible()
    devices = page.get_by_role("listitem").filter(has_text=text("last used", "último uso"))
    # One of the sessions is that of the fixture.
    expect(devices).to_have_count(3)
    for left in (2, 1):
        devices.get_by_role("button", name=text("Log out", "Cerrar sesión")).first.click()
        expect(devices).to_have_count(left)
    other.page.reload()
    expect(other.page.get_by_role("main").get_by_role("link", name="Log in")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=text("Download my data", "Descargar mis datos")).click()
    assert download.value.path().read_bytes()[:2] == b"PK"


@fast_variant(SPANISH_PHONE)
def test_the_password_is_changed_and_the_account_deleted(visit: Visit, product: Product, user: str) -> None:
    page, text = visit.page, visit.text
    new_password = "another one, in B"
    visit.log_in(user)
    page.goto("/account")
    current = page.get_by_label(text("Current password", "Contraseña actual"))
    change = page.get_by_role("button", name=text("Change password", "Cambiar contraseña"))
    current.fill("wrong, wrong")
    page.get_by_label(text("New password", "Contraseña nueva")).fill(new_password)
    change.click()
    expect(page.get_by_role("alert")).to_be_visible()
    current.fill(PASSWORD)
    change.click()
    expect(page.get_by_text(text("Password changed.", "Contraseña cambiada."))).to_be_visible()
    page.get_by_label(text("Your password, to confirm", "Tu contraseña, para confirmar")).fill(new_password)
    page.get_by_role("button", name=text("Delete account", "Borrar cuenta")).click()
    expect(page).to_have_url(re.compile("/$"))
    with product.client() as client:
        form = {"grant_type": "password", "username": user, "password": new_password}
        assert client.post("/auth/token", data=form).status_code == 401


@fast_variant(ENGLISH_DESKTOP)
def test_a_passkey_is_added_renamed_used_to_log_in_and_removed(visit: Visit, user: str) -> None:
    page, text = visit.page, visit.text
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    visit.log_in(user)
    page.goto("/account")
    page.get_by_label(text("Name of the new passkey", "Nombre de la llave nueva")).fill("my phone")
    page.get_by_role("button", name=text("Add passkey", "Añadir llave de acceso")).click()
    passkey = page.get_by_role("listitem").filter(has=page.get_by_role("button", name=text("Rename", "Cambiar nombre")))
    expect(passkey).to_contain_text("my phone")
    passkey.get_by_role("button", name=text("Rename", "Cambiar nombre")).click()
    page.get_by_label(text("Name of the passkey", "Nombre de la llave"), exact=True).fill("old phone")
    page.get_by_role("button", name=text("Save", "Guardar"), exact=True).click()
    expect(passkey).to_contain_text("old phone")
    page.get_by_role("button", name=text("Log out", "Cerrar sesión"), exact=True).first.click()
    expect(page).to_have_url(re.compile("/$"))

    page.goto("/login")
    page.get_by_role("button", name=text("Log in with a passkey", "Entrar con una llave de acceso")).click()
    expect(page).to_have_url(re.compile("/library$"))
    expect(page.get_by_role("navigation").get_by_text(user)).to_be_visible()
    page.goto("/account")
    expect(passkey).to_contain_text(text("last used", "último uso"))
    passkey.get_by_role("button", name=text("Remove", "Quitar")).click()
    expect(page.get_by_text(text("No passkeys.", "No hay llaves de acceso."))).to_be_visible()
