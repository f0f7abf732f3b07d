"""Every page and state, as axe sees it (WCAG 2.2 AA and its best practices): in both languages, light and dark, at a
desk and on a phone, each pair of which is looked at once. No page is wider than its screen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product
from tests.web.conftest import Visit, token_of
from tests.web.tunes import tune

pytestmark = pytest.mark.web

AXE = Path(__file__).resolve().parents[2] / "web/node_modules/axe-core/axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async tags => {
    await document.fonts.ready;
    // Menus and dialogs lie above the page, in no landmark of it: for them axe's advice about regions is not meant.
    const options = {runOnly: {type: 'tag', values: tags}, rules: {region: {enabled: false}}};
    const found = await axe.run(document, {...options, resultTypes: ['violations']});
    return found.violations.flatMap(({id, help, nodes}) => nodes.map(
        ({html, any}) => `${id} (${help}): ${html.slice(0, 200)} ${any.map(one => one.message).join('; ')}`));
}"""


class Inspector:
    """Looks at a page again and again, and keeps what is wrong until the end."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page: Page = visit.page
        self.say = visit.say
        self.wrong: list[str] = []

    def look(self, state: str) -> None:
        """Notes what is wrong with the page as it stands."""
        # What fades in has its colours only when it has arrived.
        self.page.evaluate(
            "Promise.allSettled(document.getAnimations().map(one => one.effect"
            "?.getComputedTiming().iterations === Infinity ? null : one.finished))"
        )
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        self.wrong += [f"{state}: {one}" for one in self.page.evaluate(_RUN, _TAGS)]
        if not self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            self.wrong.append(f"{state}: wider than the screen")

    def open(self, path: str, state: str) -> None:
        """Goes to a page, waits for its heading, and looks."""
        self.page.goto(path)
        expect(self.page.get_by_role("heading", level=1)).to_be_attached()
        expect(self.page.locator(".bars")).to_have_count(0)
        self.look(state)

    def press(self, english: str, spanish: str, role: str = "button") -> None:
        """Clicks what has this name."""
        self.page.get_by_role(role, name=self.say(english, spanish), exact=True).first.click()  # type: ignore[arg-type]


@pytest.fixture
def inspector(visit: Visit) -> Inspector:
    return Inspector(visit)


@pytest.fixture
def world(product: Product, name: str) -> dict[str, str]:
    """A member with pieces, one of them public and talked about, a playlist, and links."""
    with product.client() as client:
        headers = token_of(client, name)
        ids = []
        for title in ("Nocturne for a rainy day", "A very long title " * 9, "Sketch"):
            kind = {"Content-Type": "audio/midi"}
            song = client.post(
                "/library/imports", params={"title": title.strip()}, content=tune(), headers=headers | kind
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


def _told(inspector: Inspector) -> None:
    assert not inspector.wrong, "\n".join(inspector.wrong)


def test_pages_of_visitors(inspector: Inspector, world: dict[str, str]) -> None:
    page = inspector.page
    for path, state in (
        ("/library", "library of nobody"),
        ("/explore", "explore"),
        ("/explore?q=nothing+like+it", "explore, nothing fits"),
        (world["author"], "author"),
        ("/authors/nobody", "author who is not there"),
        (world["song"], "somebody's public piece"),
        (world["link"], "shared piece"),
        (world["listen_only"], "shared piece, to listen only"),
        ("/s/nothing", "link that was withdrawn"),
        ("/nowhere", "no page"),
        ("/login", "login"),
    ):
        inspector.open(path, state)
    inspector.press("Log in", "Entrar")
    inspector.look("login, nothing entered")
    inspector.open("/register", "register")
    page.locator("#username").fill("ä")
    page.locator("#password").fill("short")
    inspector.press("Create the account", "Crear la cuenta")
    inspector.look("register, refused")
    _told(inspector)


def test_composing(inspector: Inspector) -> None:
    page, say = inspector.page, inspector.say
    inspector.open("/", "compose, idle")
    page.get_by_text(say("Folk tunes", "Melodías folk"), exact=True).click()
    chooser = page.get_by_label(say("Begin with a MIDI file", "Empezar con un archivo MIDI"))
    chooser.set_input_files({"name": "mine.mid", "mimeType": "audio/midi", "buffer": tune()})
    page.get_by_text(say("Advanced settings", "Ajustes avanzados")).click()
    page.locator("#seed").fill("-1")
    inspector.look("compose, all settings, wrong seed")
    page.locator("#seed").fill("7")
    page.locator("#count").select_option("3")
    inspector.press("Compose", "Componer")
    expect(page.get_by_text(say("Finished: ", "Terminada: ")).first).to_be_visible(timeout=60_000)
    inspector.press("Play", "Reproducir")
    expect(page.get_by_role("button", name=say("Pause", "Pausar"), exact=True).first).to_be_visible()
    inspector.look("composed, variations, playing")
    inspector.press("Download", "Descargar")
    expect(page.get_by_role("dialog")).to_be_visible()
    inspector.look("download dialog")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    inspector.press("Share", "Compartir")
    expect(page.get_by_role("dialog")).to_be_visible()
    inspector.look("share dialog of a guest")
    inspector.open("/compare", "compare, idle")
    inspector.press("Compare", "Comparar")
    expect(page.get_by_role("button", name=say("Keep", "Quedarse")).first).to_be_visible(timeout=60_000)
    inspector.look("compared")
    _told(inspector)


def test_pages_of_members(inspector: Inspector, world: dict[str, str], name: str) -> None:
    page, say = inspector.page, inspector.say
    inspector.visit.log_in(name)
    expect(page.get_by_role("row")).to_have_count(3)
    inspector.look("library, with a notice")
    page.get_by_role("button", name=say("Filters", "Filtros")).click()
    inspector.look("library, filters")
    dialogs: list[tuple[str, Callable[[], None]]] = [
        ("edit dialog", lambda: inspector.press("Rename and edit", "Renombrar y editar", "menuitem")),
        ("share dialog", lambda: inspector.press("Share", "Compartir", "menuitem")),
        ("playlist dialog", lambda: inspector.press("Add to a playlist", "Añadir a una lista", "menuitem")),
    ]
    for state, choose in dialogs:
        page.get_by_role("button", name=say("More about Nocturne", "Más sobre Nocturne")).click()
        expect(page.get_by_role("menuitem").first).to_be_visible()
        if state == "edit dialog":
            inspector.look("menu of a piece")
        choose()
        expect(page.get_by_role("dialog")).to_be_visible()
        inspector.look(state)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    inspector.open("/library?q=nothing+like+it", "library, nothing fits")
    inspector.open("/library/playlists", "playlists")
    inspector.open(world["playlist"], "playlist")
    inspector.open("/library/trash", "trash")
    inspector.open(world["song"], "own piece")
    inspector.open("/account", "account")
    page.context.set_offline(True)
    page.get_by_role("navigation").get_by_role("link", name=say("Explore", "Explorar")).click()
    inspector.look("offline")
    page.context.set_offline(False)
    _told(inspector)
