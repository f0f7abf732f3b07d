"""Somebody registers, comes back, is told what is wrong, and changes language and colours on the way."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Product
from tests.web.conftest import PASSWORD, Open, Visit, token_of

pytestmark = pytest.mark.web


def fill(visit: Visit, name: str, password: str) -> None:
    """Fills the form of login and register."""
    visit.page.get_by_label(visit.say("Name", "Nombre"), exact=True).fill(name)
    visit.page.get_by_label(visit.say("Password", "Contraseña"), exact=True).fill(password)


def create(visit: Visit) -> None:
    visit.page.get_by_role("button", name=visit.say("Create the account", "Crear la cuenta")).click()


def test_a_listener_registers_and_is_still_known_after_a_reload(visit: Visit, name: str) -> None:
    page = visit.page
    page.goto("/register")
    fill(visit, name, PASSWORD)
    create(visit)
    expect(page).to_have_url(re.compile("/library$"))
    expect(page.get_by_role("navigation").get_by_text(name)).to_be_visible()
    page.reload()
    expect(page.get_by_role("navigation").get_by_text(name)).to_be_visible()
    kept = page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    assert "ey" not in re.sub(r'"[^"]*":', "", kept), "a token is in the browser's storage"


def test_what_is_wrong_is_told_beside_its_field(visit: Visit, name: str) -> None:
    page, say = visit.page, visit.say
    page.goto("/register")
    fill(visit, "ä b", "short")
    create(visit)
    username = page.get_by_label(say("Name", "Nombre"), exact=True)
    password = page.get_by_label(say("Password", "Contraseña"), exact=True)
    expect(username).to_have_accessible_description(re.compile(say("without accents", "sin acentos")))
    expect(username).to_be_focused()
    expect(password).to_have_accessible_description(re.compile(say("At least 8", "Al menos 8")))
    fill(visit, name, "password123")
    create(visit)
    expect(password).to_have_accessible_description(re.compile(say("would guess", "cualquiera probaría")))


def test_a_wrong_password_and_a_taken_name_are_told(visit: Visit, product: Product, name: str) -> None:
    with product.client() as client:
        token_of(client, name)
    page, say = visit.page, visit.say
    page.goto("/login")
    fill(visit, name, "not this one")
    page.get_by_role("button", name=say("Log in", "Entrar")).click()
    expect(page.get_by_role("alert")).to_have_text(re.compile(say("is wrong", "no son correctos")))
    page.get_by_role("link", name=say("Register", "Regístrate")).click()
    fill(visit, name.upper(), PASSWORD)
    create(visit)
    username = page.get_by_label(say("Name", "Nombre"), exact=True)
    expect(username).to_have_accessible_description(re.compile(say("taken", "ya está en uso")))


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
