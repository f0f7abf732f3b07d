"""The pages in a real Chromium, in front of the whole product."""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests.e2e.conftest import Product

# The machine may be busy with everything else that tests do.
expect.set_options(timeout=20_000)

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "op. 7, in A minor"
DESKTOP, PHONE = (1280, 800), (360, 740)

#: Opens pages with these sizes, languages and colour schemes.
Open = Callable[..., Page]


class RunningProduct(Product):
    """A product that another process started."""

    def __init__(self, directory: Path, url: str) -> None:
        super().__init__(directory)
        self.url = url


@pytest.fixture(scope="session")
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all tests, with the pages that `make web` built; also where several processes share them."""
    directory = tmp_path_factory.mktemp("product")
    shared = getattr(request.config, "workerinput", {}).get("product_url")
    if shared:
        yield RunningProduct(directory, shared)
        return
    product = Product(directory)
    product.start()
    yield product
    product.stop()


_SHARED: list[Product] = []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before a worker of `pytest -n` starts: the product that all of them use."""
    if not _SHARED:
        product = Product(Path(tempfile.mkdtemp(prefix="euterpe-web-")))
        product.start()
        _SHARED.append(product)
    node.workerinput["product_url"] = _SHARED[0].url


def pytest_sessionfinish() -> None:
    """Ends that product."""
    for product in _SHARED:
        product.stop()
        shutil.rmtree(product.output.parent, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; what Playwright would download is not the one that people have."""
    executable = os.environ.get("EUTERPE_CHROMIUM") or shutil.which("chromium")
    assert executable, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, product: Product) -> Iterator[Open]:
    """Makes fresh browsers; at the end, none of their pages may have failed silently or asked a third party."""
    contexts = []
    complaints: list[str] = []

    def check(response: Response) -> None:
        if not response.url.startswith((product.url, "blob:", "data:")):
            complaints.append(f"a third party was asked: {response.url}")

    def make(size: tuple[int, int] = DESKTOP, *, language: str = "en", dark: bool = False) -> Page:
        context = browser.new_context(
            base_url=product.url,
            viewport={"width": size[0], "height": size[1]},
            locale="es-ES" if language == "es" else "en-GB",
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(f"error in a page: {error}"))
        page.on("response", check)
        page.on("console", lambda message: _console(message.text, message.type, complaints))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def _console(text: str, kind: str, complaints: list[str]) -> None:
    # A refused login is an answer, not an error of the page; Chromium writes it to the console nevertheless.
    if kind == "error" and not re.search(r"status of 4\d\d|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_RESET", text):
        complaints.append(f"console: {text}")


@dataclass(frozen=True)
class Visit:
    """Somebody at the pages, in a language."""

    page: Page
    spanish: bool

    def say(self, english: str, spanish: str) -> str:
        """The words of this visit's language."""
        return spanish if self.spanish else english

    def log_in(self, name: str) -> None:
        """Logs in with PASSWORD, and ends in the library."""
        self.page.goto("/login")
        self.page.get_by_label(self.say("Name", "Nombre"), exact=True).fill(name)
        self.page.get_by_label(self.say("Password", "Contraseña"), exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name=self.say("Log in", "Entrar")).click()
        expect(self.page).to_have_url(re.compile("/library$"))


#: Sizes, languages, and whether it is dark.
ENGLISH_DESK = pytest.param((DESKTOP, "en", False), id="english, desktop")
SPANISH_PHONE = pytest.param((PHONE, "es", True), id="spanish, phone, dark")
OTHERS = [
    pytest.param((PHONE, "en", False), id="english, phone", marks=pytest.mark.slow),
    pytest.param((DESKTOP, "es", True), id="spanish, desktop, dark", marks=pytest.mark.slow),
]


def told_first(visit: Any) -> pytest.MarkDecorator:
    """For stories that each change tells only once, like this; `make test-slow` tells the others."""
    other = SPANISH_PHONE if visit is ENGLISH_DESK else ENGLISH_DESK
    later = pytest.param(*other.values, id=str(other.id), marks=pytest.mark.slow)
    return pytest.mark.parametrize("visit", [visit, later, *OTHERS], indirect=True)


@pytest.fixture(params=[ENGLISH_DESK, SPANISH_PHONE, *OTHERS])
def visit(request: pytest.FixtureRequest, open_page: Open) -> Visit:
    """Each story is told in English at a desk and in Spanish on a phone; `make test-slow` swaps them, too."""
    size, language, dark = request.param
    return Visit(open_page(size, language=language, dark=dark), spanish=language == "es")


def token_of(client: httpx.Client, name: str) -> dict[str, str]:
    """The headers of a new member, with PASSWORD."""
    client.post("/auth/users", json={"username": name, "password": PASSWORD}).raise_for_status()
    form = {"grant_type": "password", "username": name, "password": PASSWORD}
    token = client.post("/auth/token", data=form).raise_for_status().json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def name() -> str:
    """A name that nobody has."""
    return f"clara-{secrets.token_hex(4)}"
