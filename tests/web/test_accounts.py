"""Somebody registers, comes back, is told what is wrong, and changes language and colours on the way."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import DESKTOP, PHONE, Open

pytestmark = pytest.mark.web

PASSWORD = "op. 7, in A minor"
WORDS = {
    "en": {"name": "Name", "password": "Password", "create": "Create the account", "log_in": "Log in"},
    "es": {"name": "Nombre", "password": "Contraseña", "create": "Crear la cuenta", "log_in": "Entrar"},
}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_listener_registers_and_is_still_known_after_a_reload(
    open_page: Open, name: str, language: str, size: tuple[int, int]
) -> None:
    words = WORDS[language]
    page = open_page(size, language=language)
    page.goto("/register")
    page.get_by_label(words["name"], exact=True).fill(name)
    page.get_by_label(words["password"], exact=True).fill(PASSWORD)
    page.get_by_role("button", name=words["create"]).click()
    expect(page).to_have_url(re.compile("/library$"))
    expect(page.get_by_role("navigation").get_by_text(name)).to_be_visible()
    page.reload()
    expect(page.get_by_role("navigation").get_by_text(name)).to_be_visible()
    kept = page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    assert "ey" not in re.sub(r'"[^"]*":', "", kept), "a token is in the browser's storage"


def test_what_is_wrong_is_told_beside_its_field(open_page: Open, name: str) -> None:
    page = open_page()
    page.goto("/register")
    page.get_by_label("Name", exact=True).fill("ä b")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Create the account").click()
    username = page.get_by_label("Name", exact=True)
    expect(username).to_have_accessible_description(re.compile("without accents"))
    expect(username).to_be_focused()
    expect(page.get_by_label("Password", exact=True)).to_have_accessible_description(re.compile("At least 8"))
    username.fill(name)
    page.get_by_label("Password", exact=True).fill("password123")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_label("Password", exact=True)).to_have_accessible_description(re.compile("would guess"))


def test_a_wrong_password_and_a_taken_name_are_told(open_page: Open, name: str) -> None:
    first = open_page()
    first.goto("/register")
    first.get_by_label("Name", exact=True).fill(name)
    first.get_by_label("Password", exact=True).fill(PASSWORD)
    first.get_by_role("button", name="Create the account").click()
    expect(first).to_have_url(re.compile("/library$"))

    page = open_page(language="es")
    page.goto("/login")
    page.get_by_label("Nombre", exact=True).fill(name)
    page.get_by_label("Contraseña", exact=True).fill("no es esta")
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("no son correctos"))
    page.get_by_role("link", name="Regístrate").click()
    page.get_by_label("Nombre", exact=True).fill(name.upper())
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Crear la cuenta").click()
    expect(page.get_by_label("Nombre", exact=True)).to_have_accessible_description(re.compile("ya está en uso"))


def test_language_and_colours_switch_at_once_and_stay(open_page: Open) -> None:
    page = open_page()
    page.goto("/login")
    page.get_by_role("button", name="Cambiar a español").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hola de nuevo")
    page.get_by_role("button", name="Cambiar a oscuro").click()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hola de nuevo")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 17, 25)"


def test_a_lost_visitor_finds_the_way_back(open_page: Open) -> None:
    page = open_page()
    answer = page.goto("/nowhere/at/all")
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("link", name="Compose a piece").click()
    expect(page).to_have_url(re.compile("/$"))
