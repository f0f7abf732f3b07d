"""E-mail addresses, recovery of a lost password, and the second factor."""

import re

import pyotp
import pytest
from euterpe_test_kit.mail_server import MailFolder, link_in
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import ENGLISH_DESKTOP, PASSWORD, SPANISH_PHONE, Visit, fast_variant, register

pytestmark = pytest.mark.web

#: The number of lines of each text of an element.
_LINES = """
element => [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getClientRects().length;
})
"""


@fast_variant(SPANISH_PHONE)
def test_an_address_is_confirmed_and_a_lost_password_recovered_with_it(
    visit: Visit, product: Product, name: str, mails: MailFolder
) -> None:
    page, text, email = visit.page, visit.text, f"{name}-und-viele-andere@music.example.com"
    with product.client() as client:
        register(client, name)
    visit.log_in(name)
    page.goto("/account")
    page.get_by_label(text("E-mail address", "Dirección de correo"), exact=True).fill(email)
    page.get_by_role("button", name=text("Send link", "Enviar enlace")).click()
    expect(page.get_by_text(text(f"We sent a link to {email}", f"Hemos enviado un enlace a {email}"))).to_be_visible()
    page.goto(link_in(mails.wait_for(email)))
    page.get_by_role("button", name=text("Confirm address", "Confirmar dirección")).click()
    expect(page.get_by_role("status").get_by_text(email)).to_be_visible()
    page.get_by_role("link", name=text("Open account", "Abrir cuenta")).click()
    address = page.get_by_role("listitem").filter(has_text=email).locator(".address")
    expect(address).to_be_visible()
    # The address is longer than a line and breaks before the domain only.
    assert address.evaluate(_LINES) == [1, 1]

    page.goto("/login")
    page.get_by_role("link", name=text("Forgot your password?", "¿Has olvidado tu contraseña?")).click()
    page.get_by_label(text("Name or e-mail address", "Nombre o dirección de correo")).fill(email)
    page.get_by_role("button", name=text("Send link", "Enviar enlace")).click()
    expect(page.get_by_role("status")).to_contain_text(text("a link was sent", "le hemos enviado un enlace"))
    link = link_in(mails.wait_for(email, count=2))
    page.goto(link)
    password = page.get_by_label(text("New password", "Contraseña nueva"))
    save = page.get_by_role("button", name=text("Save password", "Guardar contraseña"))
    password.fill("password123")
    save.click()
    expect(page.get_by_text(text("too common", "demasiado común"))).to_be_visible()
    password.fill("op. 17, in G minor")
    save.click()
    expect(page).to_have_url(re.compile("/login$"))
    page.get_by_label(text("Name", "Nombre"), exact=True).fill(name)
    page.get_by_label(text("Password", "Contraseña"), exact=True).fill("op. 17, in G minor")
    page.get_by_role("button", name=text("Log in", "Entrar"), exact=True).click()
    expect(page).to_have_url(re.compile("/library$"))
    page.goto(link)
    password.fill(PASSWORD)
    save.click()
    expect(page.get_by_role("alert")).to_contain_text(text("was used before", "ya se ha usado"))


@fast_variant(ENGLISH_DESKTOP)
def test_recovery_codes_and_an_authenticator_app_protect_an_account(visit: Visit, name: str) -> None:
    page, text = visit.page, visit.text
    page.goto("/register")
    _fill(visit, name, PASSWORD)
    page.get_by_role("button", name=text("Create account", "Crear cuenta")).click()
    codes = page.get_by_role("list", name=text("Euterpe recovery codes", "Códigos de recuperación de Euterpe"))
    expect(codes.get_by_role("listitem")).to_have_count(10)
    first, second = codes.get_by_role("listitem").all_inner_texts()[:2]
    page.get_by_role("button", name=text("Continue", "Continuar")).click()
    expect(page).to_have_url(re.compile("/library$"))

    page.goto("/account")
    page.get_by_role("button", name=text("Set up authenticator app", "Configurar app de autenticación")).click()
    expect(page.get_by_role("img", name=text("QR code", "Código QR"))).to_be_visible()
    page.get_by_text(text("Enter the key by hand", "Escribir la clave a mano")).click()
    app = pyotp.TOTP(page.locator("details code").inner_text())
    page.get_by_label(text("Code of the app", "Código de la app")).fill(app.now())
    page.get_by_role("button", name=text("Enable two-step login", "Activar verificación en dos pasos")).click()
    expect(page.get_by_text(text("Enabled, with an", "Activada, con una"))).to_be_visible()
    page.get_by_role("button", name=text("Log out", "Cerrar sesión"), exact=True).first.click()

    page.goto("/login")
    _fill(visit, name, PASSWORD)
    log_in = page.get_by_role("button", name=text("Log in", "Entrar"), exact=True)
    log_in.click()
    code = page.get_by_label(text("Code", "Código"), exact=True)
    expect(code).to_be_focused()
    code.fill("000000")
    log_in.click()
    expect(page.get_by_role("alert")).to_contain_text(text("The code is wrong", "El código no es correcto"))
    code.fill(first)
    log_in.click()
    expect(page).to_have_url(re.compile("/library$"))

    page.goto("/recover")
    page.get_by_role("button", name=text("Use a recovery code", "Usar un código de recuperación")).click()
    page.get_by_label(text("Name", "Nombre"), exact=True).fill(name)
    page.get_by_label(text("Recovery code", "Código de recuperación"), exact=True).fill(second)
    page.get_by_label(text("New password", "Contraseña nueva")).fill("op. 17, in G minor")
    page.get_by_role("button", name=text("Save password", "Guardar contraseña")).click()
    expect(page).to_have_url(re.compile("/login$"))
    _fill(visit, name, "op. 17, in G minor")
    log_in.click()
    expect(code).to_be_visible()


def _fill(visit: Visit, name: str, password: str) -> None:
    visit.page.get_by_label(visit.text("Name", "Nombre"), exact=True).fill(name)
    visit.page.get_by_label(visit.text("Password", "Contraseña"), exact=True).fill(password)
