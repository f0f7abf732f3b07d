"""A member looks after the account: password, devices, keys, everything as a file, and the end."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Product
from tests.web.conftest import PASSWORD, PHONE, Open, token_of
from tests.web.test_library import log_in

pytestmark = pytest.mark.web


@pytest.fixture
def member(product: Product, name: str) -> str:
    with product.client() as client:
        token_of(client, name)
    return name


def test_keys_are_shown_once_and_can_be_revoked(open_page: Open, product: Product, member: str) -> None:
    page = open_page()
    log_in(page, member)
    page.goto("/account")
    page.get_by_label("Name", exact=True).fill("my studio")
    page.get_by_role("button", name="Make a key").click()
    key = page.get_by_role("status").locator("code").inner_text()
    with product.client() as client:
        assert client.post("/auth/api-keys/token", json={"api_key": key}).status_code == 200
        page.reload()
        expect(page.get_by_text("my studio")).to_be_visible()
        expect(page.locator("code")).to_have_count(0)
        page.get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("You have no keys.")).to_be_visible()
        assert client.post("/auth/api-keys/token", json={"api_key": key}).status_code == 401


def test_another_device_is_logged_out_and_everything_can_be_taken_along(open_page: Open, member: str) -> None:
    page = open_page()
    other = open_page()
    for each in (other, page):
        log_in(each, member)
    page.goto("/account")
    expect(page.get_by_text("this browser")).to_be_visible()
    devices = page.get_by_role("listitem").filter(has_text="last used")
    # One was opened by the test itself, over the API.
    expect(devices).to_have_count(3)
    for left in (2, 1):
        devices.get_by_role("button", name="Log out").first.click()
        expect(devices).to_have_count(left)
    other.reload()
    expect(other.get_by_role("main").get_by_role("link", name="Log in")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything of mine").click()
    assert download.value.path().read_bytes()[:2] == b"PK"


def test_password_and_end_in_spanish_on_a_phone(open_page: Open, product: Product, member: str) -> None:
    page = open_page(PHONE, language="es")
    log_in(page, member, spanish=True)
    page.goto("/account")
    page.get_by_label("Contraseña actual").fill("wrong, wrong")
    page.get_by_label("Contraseña nueva").fill("another one, in B")
    page.get_by_role("button", name="Cambiar la contraseña").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Contraseña actual").fill(PASSWORD)
    page.get_by_role("button", name="Cambiar la contraseña").click()
    expect(page.get_by_text("La contraseña ha cambiado.")).to_be_visible()
    page.get_by_label("Tu contraseña, para confirmar").fill("another one, in B")
    page.get_by_role("button", name="Borrar la cuenta").click()
    expect(page).to_have_url(re.compile("/$"))
    with product.client() as client:
        form = {"grant_type": "password", "username": member, "password": "another one, in B"}
        assert client.post("/auth/token", data=form).status_code == 401
