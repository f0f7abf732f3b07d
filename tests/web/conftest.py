"""Fixtures for browser tests: Chromium with the pages of a running product."""

import os
import re
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from euterpe_test_kit.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider
from euterpe_test_kit.mail_server import MailFolder
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests.e2e.product import REPOSITORY, Product, RunningProduct
from tests.e2e.shared_products import SharedProducts, shared_address

# Other tests may use the same machine at the same time.
expect.set_options(timeout=20_000)

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "op. 7, in A minor"
DESKTOP, PHONE = (1280, 800), (360, 740)

#: Opens a page with a window size, a language and a colour scheme.
Open = Callable[..., Page]


class WebProduct(Product):
    """A product that offers to log in at a provider, which this process runs, and sends webhooks to this machine."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._provider = IdentityProvider()
        self.issuer = self._provider.issuer

    def environment(self) -> dict[str, str]:
        """Return the environment variables."""
        provider = {"ISSUER": self.issuer, "NAME": "Example ID", "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
        settings = {f"EUTERPE_AUTH_OIDC_{name}": value for name, value in provider.items()}
        services = ("AUTH_OIDC", "LIBRARY_WEBHOOK")
        loopback = {f"EUTERPE_{service}_NETWORKS": '["127.0.0.0/8"]' for service in services}
        return super().environment() | settings | loopback

    def launch(self) -> None:
        """Start the provider and the product."""
        self._provider.start()
        super().launch()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop both."""
        status = super().stop(number)
        self._provider.stop()
        return status

    @property
    def address(self) -> dict[str, Any]:
        """Return what another process needs to use this product."""
        return super().address | {"issuer": self.issuer}


class RunningWebProduct(RunningProduct):
    """A product for the pages that another process started."""

    def __init__(self, address: dict[str, Any]) -> None:
        super().__init__(address)
        self.issuer = str(address["issuer"])


def _tiny_ensemble(directory: Path) -> Product:
    return Product(directory, REPOSITORY / "services/generator/tests/data")


_SHARED = SharedProducts({"web": WebProduct, "tiny-ensemble": _tiny_ensemble})


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the shared products before the first process of `pytest -n`."""
    _SHARED.start_for(node)


def pytest_sessionfinish() -> None:
    """Stop the shared products."""
    _SHARED.stop()


@pytest.fixture(scope="session")
def web_product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebProduct | RunningWebProduct]:
    """The product with the released models and the pages that `make web` built."""
    if address := shared_address(request.config, "web"):
        yield RunningWebProduct(address)
        return
    product = WebProduct(tmp_path_factory.mktemp("product"))
    product.start()
    yield product
    product.stop()


@pytest.fixture(scope="session")
def tiny_ensemble_product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """The product with a tiny ensemble as its only model."""
    if address := shared_address(request.config, "tiny-ensemble"):
        yield RunningProduct(address)
        return
    product = _tiny_ensemble(tmp_path_factory.mktemp("tiny-ensemble"))
    product.start()
    yield product
    product.stop()


@pytest.fixture
def product(web_product: WebProduct | RunningWebProduct) -> Product:
    """The product that a test opens; files with tests of an ensemble replace it by `tiny_ensemble_product`."""
    return web_product


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Launch the Chromium of the system, or the one that EUTERPE_CHROMIUM names."""
    executable = os.environ.get("EUTERPE_CHROMIUM") or shutil.which("chromium")
    assert executable, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, product: Product) -> Iterator[Open]:
    """Open pages in new browser contexts. Fails if a page logged an error or sent a request to another origin."""
    contexts = []
    errors: list[str] = []
    # The product with a tiny ensemble has no identity provider.
    origins = [product.url, *([product.issuer] if isinstance(product, WebProduct | RunningWebProduct) else [])]

    def check(response: Response) -> None:
        if not response.url.startswith((*origins, "blob:", "data:")):
            errors.append(f"request to another origin: {response.url}")

    def make(
        size: tuple[int, int] = DESKTOP, *, language: str = "en", dark: bool = False, service_worker: bool = False
    ) -> Page:
        context = browser.new_context(
            base_url=product.url,
            viewport={"width": size[0], "height": size[1]},
            locale="es-ES" if language == "es" else "en-GB",
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
            # Requests that it answers could not be intercepted by tests.
            service_workers="allow" if service_worker else "block",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(f"error in a page: {error}"))
        page.on("response", check)
        page.on("console", lambda message: _console(message.text, message.type, errors))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors, "\n".join(errors)


def _console(text: str, kind: str, errors: list[str]) -> None:
    # Chromium logs every 4xx response, which tests expect, and every lost connection.
    if kind == "error" and not re.search(r"status of 4\d\d|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_RESET", text):
        errors.append(f"console: {text}")


@dataclass(frozen=True)
class Visit:
    """A browser page in one language."""

    page: Page
    spanish: bool

    def text(self, english: str, spanish: str) -> str:
        """Return the text in the language of the page."""
        return spanish if self.spanish else english

    def log_in(self, name: str) -> None:
        """Log in with PASSWORD and wait for the library."""
        self.page.goto("/login")
        self.page.get_by_label(self.text("Name", "Nombre"), exact=True).fill(name)
        self.page.get_by_label(self.text("Password", "Contraseña"), exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name=self.text("Log in", "Entrar"), exact=True).click()
        expect(self.page).to_have_url(re.compile("/library$"))


#: Window size, language, dark theme.
ENGLISH_DESKTOP = pytest.param((DESKTOP, "en", False), id="english, desktop")
SPANISH_PHONE = pytest.param((PHONE, "es", True), id="spanish, phone, dark")
SLOW_VARIANTS = [
    pytest.param((PHONE, "en", False), id="english, phone", marks=pytest.mark.slow),
    pytest.param((DESKTOP, "es", True), id="spanish, desktop, dark", marks=pytest.mark.slow),
]


def fast_variant(visit: Any) -> pytest.MarkDecorator:
    """Run a test in this variant by default, and in the other ones with `make test-slow`."""
    other = SPANISH_PHONE if visit is ENGLISH_DESKTOP else ENGLISH_DESKTOP
    slow_variant = pytest.param(*other.values, id=str(other.id), marks=pytest.mark.slow)
    return pytest.mark.parametrize("visit", [visit, slow_variant, *SLOW_VARIANTS], indirect=True)


@pytest.fixture(params=[ENGLISH_DESKTOP, SPANISH_PHONE, *SLOW_VARIANTS])
def visit(request: pytest.FixtureRequest, open_page: Open) -> Visit:
    """Open a page in English on a desktop and in Spanish on a phone; `make test-slow` also swaps the languages."""
    size, language, dark = request.param
    return Visit(open_page(size, language=language, dark=dark), spanish=language == "es")


def register(client: httpx.Client, name: str) -> dict[str, str]:
    """Register a user with PASSWORD. Returns the headers for requests of this user."""
    client.post("/auth/users", json={"username": name, "password": PASSWORD}).raise_for_status()
    form = {"grant_type": "password", "username": name, "password": PASSWORD}
    token = client.post("/auth/token", data=form).raise_for_status().json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def mails(product: Product) -> MailFolder:
    """The mails that the product has sent."""
    return MailFolder(product.data / "mail")


@pytest.fixture
def name() -> str:
    """Return an unused user name."""
    return f"clara-{secrets.token_hex(4)}"
