"""A member looks after the account: password, devices, keys, everything as a file, and the end."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Product
from tests.web.conftest import ENGLISH_DESK, PASSWORD, SPANISH_PHONE, Open, Visit, token_of, told_first

pytestmark = pytest.mark.web


@pytest.fixture
def member(product: Product, name: str) -> str:
    with product.client() as client:
        token_of(client, name)
    return name


@told_first(ENGLISH_DESK)
def test_keys_are_shown_once_and_can_be_revoked(visit: Visit, product: Product, member: str) -> None:
    page, say = visit.page, visit.say
    visit.log_in(member)
    page.goto("/account")
    page.get_by_label(say("Name", "Nombre"), exact=True).fill("my studio")
    page.get_by_role("button", name=say("Make a key", "Crear una clave")).click()
    key = page.get_by_role("status").locator("code").inner_text()
    with product.client() as client:
        assert client.post("/auth/api-keys/token", json={"api_key": key}).status_code == 200
        page.reload()
        expect(page.get_by_text("my studio")).to_be_visible()
        expect(page.locator("code")).to_have_count(0)
        page.get_by_role("button", name=say("Revoke", "Revocar")).click()
        expect(page.get_by_text(say("You have no keys.", "No tienes claves."))).to_be_visible()
        assert client.post("/auth/api-keys/token", json={"api_key": key}).status_code == 401


@told_first(ENGLISH_DESK)
def test_another_device_is_logged_out_and_everything_can_be_taken_along(
    visit: Visit, open_page: Open, member: str
) -> None:
    page, say = visit.page, visit.say
    other = Visit(open_page(), spanish=False)
    for each in (other, visit):
        each.log_in(member)
    page.goto("/account")
    expect(page.get_by_text(say("this browser", "este navegador"))).to_be_visible()
    devices = page.get_by_role("listitem").filter(has_text=say("last used", "último uso"))
    # One was opened by the test itself, over the API.
    expect(devices).to_have_count(3)
    for left in (2, 1):
        devices.get_by_role("button", name=say("Log out", "Cerrar sesión")).first.click()
        expect(devices).to_have_count(left)
    other.page.reload()
    expect(other.page.get_by_role("main").get_by_role("link", name="Log in")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=say("Download everything of mine", "Descargar todo lo mío")).click()
    assert download.value.path().read_bytes()[:2] == b"PK"


@told_first(SPANISH_PHONE)
def test_the_password_is_changed_and_the_account_deleted(visit: Visit, product: Product, member: str) -> None:
    page, say = visit.page, visit.say
    fresh = "another one, in B"
    visit.log_in(member)
    page.goto("/account")
    present = page.get_by_label(say("Present password", "Contraseña actual"))
    change = page.get_by_role("button", name=say("Change the password", "Cambiar la contraseña"))
    present.fill("wrong, wrong")
    page.get_by_label(say("New password", "Contraseña nueva")).fill(fresh)
    change.click()
    expect(page.get_by_role("alert")).to_be_visible()
    present.fill(PASSWORD)
    change.click()
    expect(page.get_by_text(say("The password is changed.", "La contraseña ha cambiado."))).to_be_visible()
    page.get_by_label(say("Your password, to confirm", "Tu contraseña, para confirmar")).fill(fresh)
    page.get_by_role("button", name=say("Delete the account", "Borrar la cuenta")).click()
    expect(page).to_have_url(re.compile("/$"))
    with product.client() as client:
        form = {"grant_type": "password", "username": member, "password": fresh}
        assert client.post("/auth/token", data=form).status_code == 401
