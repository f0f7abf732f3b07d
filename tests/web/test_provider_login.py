"""Logins at an OpenID Connect provider, through the provider's own pages."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SPANISH_PHONE, Visit, fast_variant

pytestmark = pytest.mark.web


@fast_variant(SPANISH_PHONE)
def test_an_account_is_created_and_used_at_the_provider(visit: Visit, name: str) -> None:
    page, text = visit.page, visit.text
    log_in = page.get_by_role("button", name=text("Log in with Example ID", "Entrar con Example ID"))
    page.goto("/login")
    log_in.click()
    expect(page.get_by_role("heading", name="Example ID")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text(text("You cancelled", "Has cancelado"))
    page.get_by_role("button", name=text("Try again", "Intentar de nuevo")).click()
    _log_in_at_provider(visit, name, "Ñ Clara!")

    expect(page).to_have_url(re.compile("/login/provider$"))
    chosen = page.get_by_label(text("Name", "Nombre"), exact=True)
    expect(chosen).to_have_value("N.Clara")
    chosen.fill(name)
    page.get_by_role("button", name=text("Create account", "Crear cuenta")).click()
    codes = page.get_by_role("list", name=text("Euterpe recovery codes", "Códigos de recuperación de Euterpe"))
    expect(codes.get_by_role("listitem")).to_have_count(10)
    page.get_by_role("button", name=text("Continue", "Continuar")).click()
    expect(page).to_have_url(re.compile("/library$"))

    page.goto("/account")
    expect(page.get_by_role("listitem").filter(has_text="Ñ Clara!")).to_be_visible()
    page.get_by_role("button", name=text("Unlink", "Desvincular")).click()
    expect(page.get_by_role("alert")).to_contain_text(text("the only way to log in", "la única forma de entrar"))
    page.get_by_label(text("New password", "Contraseña nueva")).fill("op. 17, in G minor")
    page.get_by_role("button", name=text("Change password", "Cambiar contraseña")).click()
    expect(page.get_by_text(text("Password changed.", "Contraseña cambiada."))).to_be_visible()
    page.get_by_role("button", name=text("Log out", "Cerrar sesión"), exact=True).first.click()
    expect(page).to_have_url(re.compile("/$"))

    page.goto("/login?next=/account")
    log_in.click()
    _log_in_at_provider(visit, name, "Clara")
    expect(page).to_have_url(re.compile("/account$"))
    page.get_by_role("button", name=text("Unlink", "Desvincular")).click()
    page.get_by_role("button", name=text("Link Example ID", "Vincular Example ID")).click()
    _log_in_at_provider(visit, name, "Clara Wieck")
    expect(page).to_have_url(re.compile("/account$"))
    expect(page.get_by_role("listitem").filter(has_text="Clara Wieck")).to_be_visible()


def _log_in_at_provider(visit: Visit, subject: str, name: str) -> None:
    visit.page.get_by_label("Subject").fill(subject)
    visit.page.get_by_label("Name").fill(name)
    visit.page.get_by_role("button", name="Log in", exact=True).click()
