"""The compose page: settings, progress, playback, download, connection loss."""

import re

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.e2e.product import Product
from tests.web.conftest import ENGLISH_DESKTOP, PASSWORD, SPANISH_PHONE, Open, Visit, fast_variant, register
from tests.web.test_accessibility import Inspector

pytestmark = pytest.mark.web

#: Counts the colours of a canvas. The background and the grid have at most five.
_COLOURS = """canvas => {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(data.buffer)).size;
}"""
#: Records every status that the piece view shows, even briefly.
_RECORD = """() => {
    window.statuses = [];
    new MutationObserver(() => {
        const now = document.querySelector('e-piece-view p.status')?.textContent;
        if (now && now !== statuses.at(-1)) statuses.push(now);
    }).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


def compose(visit: Visit) -> Locator:
    """Submit the form and wait until the generation has finished. Returns the status line."""
    visit.page.get_by_role("button", name=visit.text("Compose", "Componer"), exact=True).click()
    return finished(visit)


def choose_euterpe(visit: Visit) -> None:
    """Choose the model whose pieces have a length in events."""
    name = visit.text("Euterpe, in the style you choose", "Euterpe, en el estilo que elijas")
    visit.page.get_by_text(name, exact=True).click()


def finished(visit: Visit) -> Locator:
    status = visit.page.get_by_text(re.compile(visit.text(r"Finished: \d+:\d\d, ", r"Terminada: \d+:\d\d, "))).first
    expect(status).to_be_visible(timeout=60_000)
    return status


def test_a_piece_is_composed_and_played_without_an_account(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    compose(visit)
    assert re.search(r"\?piece=[0-9a-f-]{36}$", page.url)
    view = page.locator("e-piece-view")
    play, pause = visit.text("Play", "Reproducir"), visit.text("Pause", "Pausar")
    # It plays by itself, from the first notes on.
    roll = view.get_by_role("slider")
    expect(roll).not_to_have_attribute("aria-valuetext", re.compile("^0:00"), timeout=30_000)
    view.get_by_role("button", name=pause, exact=True).click()
    expect(view.get_by_role("button", name=play, exact=True)).to_be_visible()
    roll.focus()
    page.keyboard.press("Home")
    expect(roll).to_have_attribute("aria-valuetext", re.compile("^0:00"))
    # The notes are painted.
    assert view.locator("canvas").first.evaluate(_COLOURS) > 5
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "the page is wider than the screen"
    )


def test_a_guest_renames_and_downloads_a_piece_and_keeps_it_by_registering(visit: Visit, name: str) -> None:
    page, text = visit.page, visit.text
    page.goto("/")
    status = compose(visit).text_content()
    page.reload()
    expect(finished(visit)).to_have_text(status or "")
    title = page.get_by_label(text("Title of the piece", "Título de la pieza"))
    title.fill("Rain at dawn")
    title.press("Enter")
    expect(page.get_by_text(text("Saved as “Rain at dawn”.", "Guardada como «Rain at dawn»."))).to_be_visible()
    page.get_by_role("button", name=text("Download", "Descargar")).click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name=text("Download", "Descargar")).click()
    assert download.value.suggested_filename == "Rain at dawn.mid"
    assert download.value.path().read_bytes().startswith(b"MThd")
    page.get_by_role("link", name=text("Keep my pieces", "Conservar mis piezas")).click()
    page.get_by_label(text("Name", "Nombre"), exact=True).fill(name)
    page.get_by_label(text("Password", "Contraseña"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=text("Create account", "Crear cuenta")).click()
    page.get_by_role("button", name=text("Continue", "Continuar")).click()
    expect(page).to_have_url(re.compile("/library$"))
    expect(page.get_by_role("row").get_by_role("link", name="Rain at dawn")).to_be_visible()


@fast_variant(ENGLISH_DESKTOP)
def test_a_title_that_is_being_typed_stays_when_the_numbered_title_arrives(visit: Visit) -> None:
    page, text = visit.page, visit.text
    page.goto("/")
    compose(visit)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route) if route.request.method == "GET" else route.continue_()

    page.route(re.compile("/api/v1/songs/[0-9a-f-]+$"), hold)
    with page.expect_request(re.compile("/api/v1/songs/[0-9a-f-]+$")):
        page.reload()
    finished(visit)
    title = page.get_by_label(text("Title of the piece", "Título de la pieza"))
    title.fill("Rain at dawn")
    with page.expect_response(re.compile("/api/v1/songs/[0-9a-f-]+$")) as response:
        held[0].continue_()
    response.value.finished()
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))")
    title.press("Enter")
    expect(page.get_by_text(text("Saved as “Rain at dawn”.", "Guardada como «Rain at dawn»."))).to_be_visible()


def test_the_request_contains_the_settings(visit: Visit) -> None:
    page, text = visit.page, visit.text
    page.goto("/")
    choose_euterpe(visit)
    character = page.get_by_role("group", name=text("Presets", "Preajustes"))
    calm = character.get_by_role("button", name=text("Calm", "Tranquilo"))
    calm.click()
    expect(calm).to_have_attribute("aria-pressed", "true")
    page.get_by_label(text("Style", "Estilo"), exact=True).select_option("Bach")
    page.get_by_label(text("Instrument", "Instrumento"), exact=True).select_option("harpsichord")
    page.get_by_label("Tempo").fill("72")
    page.get_by_label(text("Length", "Extensión")).fill("40")
    page.get_by_text(text("More settings", "Más ajustes")).click()
    page.get_by_label(text("Transpose", "Transposición")).fill("-3")
    page.get_by_label(text("Seed", "Semilla"), exact=True).fill("1685")
    page.get_by_label(text("Title", "Título"), exact=True).fill("Prelude")
    with page.expect_response("**/api/v1/generations") as response:
        compose(visit)
    generation = response.value.json()
    assert (generation["model"], generation["seed"], generation["length"], generation["title"]) == (
        "crnngan-euterpe",
        1685,
        40,
        "Prelude",
    )
    parameters = {"style": "Bach", "instrument": "harpsichord", "tempo": 72, "transpose": -3}
    assert generation["parameters"].items() >= parameters.items()
    seed = page.get_by_label(text("Seed", "Semilla"), exact=True)
    character.get_by_role("button", name=text("Surprise me", "Sorpréndeme")).click()
    expect(seed).not_to_have_value("1685")
    character.get_by_role("button", name=text("Default", "Predeterminado")).click()
    expect(page.get_by_label(text("Style", "Estilo"), exact=True)).to_have_value("any")


@pytest.fixture
def busy_queue(product: Product, name: str) -> None:
    """Fill the queue so that other generations wait and progress slowly."""
    with product.client() as client:
        headers = register(client, name)
        for _ in range(30):
            client.post("/generations", json={"length": 2000, "count": 4}, headers=headers).raise_for_status()


@fast_variant(ENGLISH_DESKTOP)
@pytest.mark.usefixtures("busy_queue")
def test_a_waiting_piece_shows_its_progress_and_is_stopped_and_kept(visit: Visit) -> None:
    page, text = visit.page, visit.text
    page.goto("/")
    choose_euterpe(visit)
    page.evaluate(_RECORD)
    page.get_by_label(text("Length", "Extensión")).fill("2000")
    page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    view = page.locator("e-piece-view")
    expect(view.get_by_role("progressbar")).not_to_have_attribute("value", "0")
    view.get_by_role("button", name=text("Stop and save", "Detener y guardar")).click()
    pattern = text(r"^Stopped and saved: .*, [\d,]+ notes", r"^Detenida y guardada: .*, [\d.]+ notas")
    expect(view.locator("p.status")).to_have_text(re.compile(pattern))
    status = "; ".join(page.evaluate("statuses"))
    assert re.search(text(r"in the queue.*Composing, \d", r"en la cola.*Componiendo, \d"), status), status
    assert view.locator("canvas").first.evaluate(_COLOURS) > 5
    # It has been playing since its first notes.
    expect(view.get_by_role("button", name=text("Pause", "Pausar"), exact=True)).to_be_visible()
    view.get_by_role("link", name=text("Details", "Detalles")).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_progress_resumes_after_the_browser_was_offline(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    choose_euterpe(visit)
    page.get_by_label(visit.text("Length", "Extensión")).fill("2000")
    with page.expect_response("**/api/v1/generations"):
        page.get_by_role("button", name=visit.text("Compose", "Componer"), exact=True).click()
    page.context.set_offline(True)
    lost = page.get_by_text(visit.text("The connection was lost.", "Se ha perdido la conexión."))
    expect(lost).to_be_visible()
    expect(page.get_by_text(visit.text("You are offline.", "No hay conexión.")).first).to_be_visible()
    page.context.set_offline(False)
    finished(visit)
    expect(lost).to_be_hidden()


def test_progress_resumes_after_a_connection_reset(open_page: Open) -> None:
    visit = Visit(open_page(), spanish=False)
    page = visit.page
    page.route("**/events", lambda route: route.abort("connectionreset"), times=2)
    page.goto("/")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_text("The connection was lost.")).to_be_visible()
    finished(visit)
    expect(page.get_by_text("The connection was lost.")).to_be_hidden()


@fast_variant(SPANISH_PHONE)
def test_the_sample_of_each_model_can_be_played(visit: Visit, product: Product) -> None:
    with product.client() as client:
        models = len(client.get("/models").json()["items"])
    page, text = visit.page, visit.text
    page.goto("/")
    cards = page.locator("e-model-cards .card")
    expect(cards).to_have_count(models)
    # Samples are loaded when they come into view.
    for card in cards.all():
        card.scroll_into_view_if_needed()
        expect(card.locator("e-model-sample")).to_be_visible()
    sample_buttons = page.get_by_role("button", name=text("Play a sample of ", "Reproducir una muestra de "))
    expect(sample_buttons).to_have_count(models)
    # The Spanish titles are loaded after the pages.
    name = text("Play a sample of Classical piano", "Reproducir una muestra de Piano clásico")
    expect(page.get_by_role("button", name=name)).to_be_visible()
    player = page.get_by_role("region", name=text("Player", "Reproductor"))
    chosen = page.get_by_role("radio", checked=True).get_attribute("value")
    for title in [
        (button.get_attribute("title") or "").partition(" of " if not visit.spanish else " de ")[2]
        for button in sample_buttons.all()
    ]:
        page.get_by_role("button", name=text(f"Play a sample of {title}", f"Reproducir una muestra de {title}")).click()
        expect(
            page.get_by_role("button", name=text(f"Pause the sample of {title}", f"Pausar la muestra de {title}"))
        ).to_be_visible()
        expect(player).to_contain_text(text(f"Sample of {title}", f"Muestra de {title}"))
    assert page.get_by_role("radio", checked=True).get_attribute("value") == chosen


def test_variations_are_shown_side_by_side(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_text(visit.text("More settings", "Más ajustes")).click()
    page.get_by_label(visit.text("Variations", "Variaciones"), exact=True).select_option("3")
    compose(visit)
    variations = page.get_by_role("group", name=visit.text("Variations", "Variaciones")).get_by_role("button")
    expect(variations).to_have_count(3)
    seeds = set()
    for index in range(3):
        variations.nth(index).click()
        expect(variations.nth(index)).to_have_attribute("aria-pressed", "true")
        seeds.add(page.locator("e-piece-view .tag").text_content())
    assert len(seeds) == 3


def test_an_invalid_seed_is_reported_next_to_its_field(visit: Visit) -> None:
    page, text = visit.page, visit.text
    page.goto("/")
    page.get_by_text(text("More settings", "Más ajustes")).click()
    seed = page.get_by_label(text("Seed", "Semilla"), exact=True)
    seed.fill("-4")
    page.get_by_role("button", name=text("Compose", "Componer"), exact=True).click()
    expect(seed).to_have_accessible_description(re.compile(text("A whole number from 0", "Un número entero de 0")))
    expect(seed).to_be_focused()
    page.get_by_role("button", name=text("New seed", "Nueva semilla")).click()
    expect(seed).to_have_accessible_description(re.compile(text("The same seed", "La misma semilla")))


@fast_variant(SPANISH_PHONE)
def test_the_card_of_a_model_shows_its_corpus_licences_limits_and_measures(visit: Visit) -> None:
    page, text = visit.page, visit.text
    page.goto("/")
    page.get_by_role("button", name=text("About the model: Folk tunes", "Sobre el modelo: Melodías folk")).click()
    dialog = page.get_by_role("dialog")
    pieces = text("584 pieces of the corpus", "584 piezas del corpus")
    for fact in (pieces, "Apache-2.0", "GPL-3.0", text("2 to 64 bars", "de 2 a 64 compases"), "nats"):
        expect(dialog).to_contain_text(fact)
    row = dialog.get_by_role("row", name=re.compile(text("Notes per quarter", "Notas por negra")))
    expect(row).to_have_text(re.compile(r"1[.,]\d+\s*1[.,]\d+$"))
    inspector = Inspector(visit)
    inspector.check("card of a model")
    assert not inspector.violations, "\n".join(inspector.violations)
    dialog.get_by_role("button", name=text("Close", "Cerrar")).click()
    expect(dialog).to_be_hidden()
