"""Registration, log in, error messages, language and theme."""

import re
from datetime import UTC, datetime

import pytest
from euterpe_auth.domain.registration_challenges import new_registration_challenge, solved_challenge
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import PASSWORD, SPANISH_PHONE, Open, Visit, fast_variant, register

pytestmark = pytest.mark.web


def fill(visit: Visit, name: str, password: str) -> None:
    """Fill in the form to log in or register."""
    visit.page.get_by_label(visit.text("Name", "Nombre"), exact=True).fill(name)
    visit.page.get_by_label(visit.text("Password", "Contraseña"), exact=True).fill(password)


def create(visit: Visit) -> None:
    visit.page.get_by_role("button", name=visit.text("Create account", "Crear cuenta")).click()


def test_a_registered_user_stays_logged_in_after_a_reload(visit: Visit, name: str) -> None:
    page = visit.page
    page.goto("/register")
    fill(visit, name, PASSWORD)
    create(visit)
    expect(
        page.get_by_role("heading", name=visit.text("Save your recovery codes", "Guarda tus códigos"))
    ).to_be_visible()
    page.get_by_role("button", name=visit.text("Continue", "Continuar")).click()
    expect(page).to_have_url(re.compile("/library$"))
    expect(page.get_by_role("navigation").get_by_text(name)).to_be_visible()
    page.reload()
    expect(page.get_by_role("navigation").get_by_text(name)).to_be_visible()
    stored = page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    assert "ey" not in re.sub(r'"[^"]*":', "", stored), "a token is in the browser's storage"


@fast_variant(SPANISH_PHONE)
def test_a_registration_solves_the_challenge_of_the_operator(visit: Visit, name: str) -> None:
    page, secret = visit.page, "a secret"
    challenge = new_registration_challenge(secret, cost=50, now=datetime.now(UTC))
    page.route("**/registration-challenge", lambda route: route.fulfill(json={"challenge": challenge}))
    page.goto("/register")
    fill(visit, name, PASSWORD)
    with page.expect_request("**/auth/users") as sent:
        create(visit)
    assert solved_challenge(secret, sent.value.post_data_json["proof"])
    expect(page.get_by_role("heading", name=visit.text("Save your recovery", "Guarda tus códigos"))).to_be_visible()


def test_field_errors_are_shown_next_to_their_fields(visit: Visit, name: str) -> None:
    page, text = visit.page, visit.text
    page.goto("/register")
    fill(visit, "ä b", "short")
    create(visit)
    username = page.get_by_label(text("Name", "Nombre"), exact=True)
    password = page.get_by_label(text("Password", "Contraseña"), exact=True)
    expect(username).to_have_accessible_description(re.compile(text("without accents", "sin acentos")))
    expect(username).to_be_focused()
    expect(password).to_have_accessible_description(re.compile(text("At least 8", "Al menos 8")))
    fill(visit, name, "password123")
    create(visit)
    expect(password).to_have_accessible_description(re.compile(text("too common", "demasiado común")))


def test_wrong_credentials_and_a_taken_name_are_reported(visit: Visit, product: Product, name: str) -> None:
    with product.client() as client:
        register(client, name)
    page, text = visit.page, visit.text
    page.goto("/login")
    fill(visit, name, "not this one")
    page.get_by_role("button", name=text("Log in", "Entrar"), exact=True).click()
    expect(page.get_by_role("alert")).to_have_text(re.compile(text("is wrong", "no son correctos")))
    page.get_by_role("link", name=text("Register", "Regístrate")).click()
    # Both forms have the same labels: without the wait, the one that is about to go would be filled in.
    expect(page).to_have_url(re.compile("/register"))
    expect(page.get_by_role("button", name=text("Create account", "Crear cuenta"))).to_be_visible()
    fill(visit, name.upper(), PASSWORD)
    create(visit)
    username = page.get_by_label(text("Name", "Nombre"), exact=True)
    expect(username).to_have_accessible_description(re.compile(text("taken", "ya está en uso")))


def test_language_and_theme_change_at_once_and_persist(open_page: Open) -> None:
    page = open_page()
    page.goto("/login")
    page.get_by_role("button", name="Cambiar a español").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")
    page.get_by_role("button", name="Usar tema oscuro").click()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 17, 25)"


def test_an_unknown_path_shows_the_404_page(open_page: Open) -> None:
    page = open_page()
    answer = page.goto("/unknown/path")
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("link", name="Compose a piece").click()
    expect(page).to_have_url(re.compile("/$"))
