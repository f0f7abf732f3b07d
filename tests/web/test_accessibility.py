"""Each page and state passes axe (WCAG 2.2 AA and best practices) and fits its screen, in both languages and themes, on
a desktop and on a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.product import Product
from tests.web.conftest import Visit, register
from tests.web.midi_files import melody_midi

pytestmark = pytest.mark.web

AXE = Path(__file__).resolve().parents[2] / "web/node_modules/axe-core/axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async tags => {
    await document.fonts.ready;
    // The rule about landmarks does not apply to menus and dialogs, which are overlays outside the page.
    const options = {runOnly: {type: 'tag', values: tags}, rules: {region: {enabled: false}}};
    const found = await axe.run(document, {...options, resultTypes: ['violations']});
    return found.violations.flatMap(({id, help, nodes}) => nodes.map(
        ({html, any}) => `${id} (${help}): ${html.slice(0, 200)} ${any.map(one => one.message).join('; ')}`));
}"""


class Inspector:
    """Checks states of a page and collects the violations."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page: Page = visit.page
        self.text = visit.text
        self.violations: list[str] = []

    def check(self, state: str) -> None:
        """Check the current state of the page."""
        # Colours are final only after the animations.
        self.page.evaluate(
            "Promise.allSettled(document.getAnimations().map(one => one.effect"
            "?.getComputedTiming().iterations === Infinity ? null : one.finished))"
        )
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        self.violations += [f"{state}: {one}" for one in self.page.evaluate(_RUN, _TAGS)]
        if not self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            self.violations.append(f"{state}: wider than the screen")

    def open(self, path: str, state: str) -> None:
        """Open a page, wait for its content, and check it."""
        self.page.goto(path)
        expect(self.page.get_by_role("heading", level=1)).to_be_attached()
        expect(self.page.locator(".bars")).to_have_count(0)
        self.check(state)

    def click(self, english: str, spanish: str, role: str = "button") -> None:
        """Click the first element with this role and name."""
        self.page.get_by_role(role, name=self.text(english, spanish), exact=True).first.click()  # type: ignore[arg-type]


@pytest.fixture
def inspector(visit: Visit) -> Inspector:
    return Inspector(visit)


@pytest.fixture
def urls(product: Product, name: str) -> dict[str, str]:
    """Create a user with songs (one public), a comment, a playlist and share links. Returns the paths of the pages."""
    with product.client() as client:
        headers = register(client, name)
        ids = []
        for title in ("Nocturne for a rainy day", "A very long title " * 9, "Sketch"):
            kind = {"Content-Type": "audio/midi"}
            song = client.post(
                "/library/imports", params={"title": title.strip()}, content=melody_midi(), headers=headers | kind
            )
            ids.append(song.raise_for_status().json()["id"])
        change = {"visibility": "public", "tags": ["dawn", "rain"]}
        client.patch(f"/songs/{ids[0]}", json=change, headers=headers).raise_for_status()
        client.post(f"/songs/{ids[0]}/comments", json={"text": "Lovely " * 40}, headers=headers).raise_for_status()
        client.delete(f"/songs/{ids[2]}", headers=headers).raise_for_status()
        playlist = client.post("/library/playlists", json={"title": "Rainy"}, headers=headers).json()["id"]
        client.put(f"/library/playlists/{playlist}/songs", json={"song_ids": ids[:2]}, headers=headers)
        links = [
            client.post(f"/songs/{ids[1]}/shares", json={"allow_download": allowed}, headers=headers).json()["token"]
            for allowed in (True, False)
        ]
        author = client.get("/auth/me", headers=headers).json()["id"]
    return {
        "song": f"/library/songs/{ids[0]}",
        "playlist": f"/library/playlists/{playlist}",
        "link": f"/s/{links[0]}",
        "listen_only": f"/s/{links[1]}",
        "author": f"/authors/{author}",
    }


def _assert_no_violations(inspector: Inspector) -> None:
    assert not inspector.violations, "\n".join(inspector.violations)


def test_pages_without_a_session(inspector: Inspector, urls: dict[str, str]) -> None:
    page = inspector.page
    for path, state in (
        ("/library", "library without a session"),
        ("/explore", "explore"),
        ("/explore?q=nothing+like+it", "explore, no results"),
        (urls["author"], "author"),
        ("/authors/nobody", "unknown author"),
        (urls["song"], "public song of another user"),
        (urls["link"], "shared song"),
        (urls["listen_only"], "shared song without download"),
        ("/s/nothing", "unknown share link"),
        ("/nowhere", "404 page"),
        ("/listen", "listening test"),
        ("/verify-email#token=x", "link of a mail"),
        ("/unsubscribe#token=x", "link of a digest"),
        ("/login/provider?state=x&code=x", "response of a provider"),
        ("/recover", "recovery of a password"),
        ("/recover#token=x", "new password"),
        ("/login", "login"),
    ):
        inspector.open(path, state)
    inspector.click("Log in", "Entrar")
    inspector.check("login, empty")
    inspector.open("/register", "register")
    page.locator("#username").fill("ä")
    page.locator("#password").fill("short")
    inspector.click("Create account", "Crear cuenta")
    inspector.check("register, rejected")
    _assert_no_violations(inspector)


def test_compose_and_compare_pages(inspector: Inspector) -> None:
    page, text = inspector.page, inspector.text
    inspector.open("/", "compose, idle")
    page.get_by_text(text("Folk tunes", "Melodías folk"), exact=True).click()
    chooser = page.get_by_label(text("Choose a MIDI file", "Elegir un archivo MIDI"))
    chooser.set_input_files({"name": "mine.mid", "mimeType": "audio/midi", "buffer": melody_midi()})
    page.get_by_text(text("More settings", "Más ajustes")).click()
    page.locator("#seed").fill("-1")
    inspector.check("compose, all settings, invalid seed")
    page.locator("#seed").fill("7")
    page.locator("#count").select_option("3")
    inspector.click("Compose", "Componer")
    expect(page.get_by_text(text("Finished: ", "Terminada: ")).first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("region", name=text("Player", "Reproductor"))).to_be_visible()
    inspector.click("Playback options", "Opciones de reproducción")
    inspector.check("composed, variations, player with options")
    inspector.click("Playback options", "Opciones de reproducción")
    inspector.click("Download", "Descargar")
    expect(page.get_by_role("dialog")).to_be_visible()
    inspector.check("download dialog")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    inspector.click("Share", "Compartir")
    expect(page.get_by_role("dialog")).to_be_visible()
    inspector.check("share dialog of a guest")
    inspector.open("/compare", "compare, idle")
    inspector.click("Compare", "Comparar")
    expect(page.get_by_role("button", name=text("Keep", "Conservar")).first).to_be_visible(timeout=60_000)
    inspector.check("compared")
    _assert_no_violations(inspector)


def test_pages_of_a_registered_user(inspector: Inspector, urls: dict[str, str], name: str) -> None:
    page, text = inspector.page, inspector.text
    inspector.visit.log_in(name)
    expect(page.get_by_role("row")).to_have_count(3)
    inspector.check("library, with a notice")
    page.get_by_role("button", name=text("Filters", "Filtros")).click()
    inspector.check("library, filters")
    # A menu that covers filters in part would make their targets small.
    page.get_by_role("button", name=text("Filters", "Filtros")).click()
    dialogs: list[tuple[str, Callable[[], None]]] = [
        ("edit dialog", lambda: inspector.click("Rename and edit", "Renombrar y editar", "menuitem")),
        ("share dialog", lambda: inspector.click("Share", "Compartir", "menuitem")),
        ("playlist dialog", lambda: inspector.click("Add to playlist", "Añadir a una lista", "menuitem")),
    ]
    for state, choose in dialogs:
        page.get_by_role("button", name=text("Actions for Nocturne", "Acciones para Nocturne")).click()
        expect(page.get_by_role("menuitem").first).to_be_visible()
        if state == "edit dialog":
            inspector.check("menu of a song")
        choose()
        expect(page.get_by_role("dialog")).to_be_visible()
        inspector.check(state)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    inspector.open("/library?q=nothing+like+it", "library, no results")
    inspector.open("/library/playlists", "playlists")
    inspector.open(urls["playlist"], "playlist")
    inspector.open("/library/trash", "trash")
    inspector.open("/library/likes", "likes")
    inspector.open("/notifications", "notifications")
    inspector.open("/account/profile", "profile")
    inspector.open("/account/webhooks", "webhooks")
    inspector.open(urls["song"], "own song")
    inspector.open("/account", "account")
    page.context.set_offline(True)
    page.get_by_role("navigation").get_by_role("link", name=text("Explore", "Explorar")).click()
    inspector.check("offline")
    page.context.set_offline(False)
    _assert_no_violations(inspector)
