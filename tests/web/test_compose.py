"""A visitor composes, listens, names the piece, takes it along and keeps it by registering."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Product
from tests.web.conftest import ENGLISH_DESK, PASSWORD, SPANISH_PHONE, Open, Visit, token_of, told_first

pytestmark = pytest.mark.web

#: How many colours a canvas shows: its background alone is one, and the lines of its grid are few.
_COLOURS = """canvas => {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(data.buffer)).size;
}"""
#: Keeps every state that the view tells of, however short it lasts.
_RECORD = """() => {
    window.told = [];
    new MutationObserver(() => {
        const now = document.querySelector('e-piece-view p.status')?.textContent;
        if (now && now !== told.at(-1)) told.push(now);
    }).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


def compose(visit: Visit) -> Locator:
    """Composes with what is set, waits for the end, and gives the sentence that tells it."""
    visit.page.get_by_role("button", name=visit.say("Compose", "Componer"), exact=True).click()
    return finished(visit)


def finished(visit: Visit) -> Locator:
    told = visit.page.get_by_text(re.compile(visit.say(r"Finished: \d+:\d\d, ", r"Terminada: \d+:\d\d, "))).first
    expect(told).to_be_visible(timeout=60_000)
    return told


def test_a_visitor_composes_and_listens(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    compose(visit)
    assert re.search(r"\?piece=[0-9a-f-]{36}$", page.url)
    view = page.locator("e-piece-view")
    play, pause = visit.say("Play", "Reproducir"), visit.say("Pause", "Pausar")
    view.get_by_role("button", name=play, exact=True).click()
    expect(view.get_by_role("button", name=pause, exact=True)).to_be_visible(timeout=30_000)
    roll = view.get_by_role("slider")
    expect(roll).not_to_have_attribute("aria-valuetext", re.compile("^0:00"), timeout=15_000)
    view.get_by_role("button", name=pause, exact=True).click()
    roll.focus()
    page.keyboard.press("Home")
    expect(roll).to_have_attribute("aria-valuetext", re.compile("^0:00"))
    # It is seen, not only said.
    assert view.locator("canvas").first.evaluate(_COLOURS) > 5
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "the page is wider than the screen"
    )


def test_a_guests_piece_is_there_again_named_downloaded_and_kept_on_registration(visit: Visit, name: str) -> None:
    page, say = visit.page, visit.say
    page.goto("/")
    told = compose(visit).text_content()
    page.reload()
    expect(finished(visit)).to_have_text(told or "")
    title = page.get_by_label(say("Title of the piece", "Título de la pieza"))
    title.fill("Rain at dawn")
    title.press("Enter")
    expect(page.get_by_text(say("Saved as “Rain at dawn”.", "Guardada como «Rain at dawn»."))).to_be_visible()
    page.get_by_role("button", name=say("Download", "Descargar")).click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name=say("Download", "Descargar")).click()
    assert download.value.suggested_filename == "Rain at dawn.mid"
    assert download.value.path().read_bytes().startswith(b"MThd")
    page.get_by_role("link", name=say("Keep my pieces", "Conservar mis piezas")).click()
    page.get_by_label(say("Name", "Nombre"), exact=True).fill(name)
    page.get_by_label(say("Password", "Contraseña"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=say("Create the account", "Crear la cuenta")).click()
    expect(page).to_have_url(re.compile("/library$"))
    expect(page.get_by_role("row").get_by_role("link", name="Rain at dawn")).to_be_visible()


def test_what_is_set_is_what_is_ordered(visit: Visit) -> None:
    page, say = visit.page, visit.say
    page.goto("/")
    page.get_by_text(say("Euterpe, in the style you choose", "Euterpe, en el estilo que elijas"), exact=True).click()
    character = page.get_by_role("group", name=say("Character", "Carácter"))
    calm = character.get_by_role("button", name=say("Calm", "Tranquilo"))
    calm.click()
    expect(calm).to_have_attribute("aria-pressed", "true")
    page.get_by_label(say("Style", "Estilo"), exact=True).select_option("Bach")
    page.get_by_label(say("Instrument", "Instrumento"), exact=True).select_option("harpsichord")
    page.get_by_label("Tempo").fill("72")
    page.get_by_label(say("Length", "Extensión")).fill("40")
    page.get_by_text(say("Advanced settings", "Ajustes avanzados")).click()
    page.get_by_label(say("Transpose", "Transposición")).fill("-3")
    page.get_by_label(say("Seed", "Semilla"), exact=True).fill("1685")
    page.get_by_label(say("Title", "Título"), exact=True).fill("Prelude")
    with page.expect_response("**/api/v1/generations") as answered:
        compose(visit)
    made = answered.value.json()
    assert (made["model"], made["seed"], made["length"], made["title"]) == ("crnngan-euterpe", 1685, 40, "Prelude")
    wished = {"style": "Bach", "instrument": "harpsichord", "tempo": 72, "transpose": -3}
    assert made["parameters"].items() >= wished.items()
    seed = page.get_by_label(say("Seed", "Semilla"), exact=True)
    character.get_by_role("button", name=say("Surprise me", "Sorpréndeme")).click()
    expect(seed).not_to_have_value("1685")
    character.get_by_role("button", name=say("As trained", "Tal cual")).click()
    expect(page.get_by_label(say("Style", "Estilo"), exact=True)).to_have_value("any")


@pytest.fixture
def crowd(product: Product, name: str) -> None:
    """Somebody who has ordered so much that others have to wait, and that their pieces take a while."""
    with product.client() as client:
        headers = token_of(client, name)
        for _ in range(30):
            client.post("/generations", json={"length": 2000, "count": 4}, headers=headers).raise_for_status()


@told_first(ENGLISH_DESK)
@pytest.mark.usefixtures("crowd")
def test_a_piece_waits_is_seen_while_it_is_composed_stopped_and_kept(visit: Visit) -> None:
    page, say = visit.page, visit.say
    page.goto("/")
    page.evaluate(_RECORD)
    page.get_by_label(say("Length", "Extensión")).fill("2000")
    page.get_by_role("button", name=say("Compose", "Componer"), exact=True).click()
    view = page.locator("e-piece-view")
    expect(view.get_by_role("progressbar")).not_to_have_attribute("value", "0")
    view.get_by_role("button", name=say("Stop and keep", "Detener y guardar")).click()
    kept = re.compile(say(r"^Stopped and kept: .*, [\d,]+ notes", r"^Detenida y guardada: .*, [\d.]+ notas"))
    expect(view.locator("p.status")).to_have_text(kept)
    told = "; ".join(page.evaluate("told"))
    assert re.search(say(r"in the queue.*Composing, \d", r"en la cola.*Componiendo, \d"), told), told
    assert view.locator("canvas").first.evaluate(_COLOURS) > 5
    view.get_by_role("button", name=say("Play", "Reproducir"), exact=True).click()
    expect(view.get_by_role("button", name=say("Pause", "Pausar"), exact=True)).to_be_visible()
    view.get_by_role("link", name=say("Details", "Detalles")).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_lost_connection_is_told_and_comes_back_by_itself(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_label(visit.say("Length", "Extensión")).fill("2000")
    with page.expect_response("**/api/v1/generations"):
        page.get_by_role("button", name=visit.say("Compose", "Componer"), exact=True).click()
    page.context.set_offline(True)
    lost = page.get_by_text(visit.say("The connection was lost.", "Se ha perdido la conexión."))
    expect(lost).to_be_visible()
    expect(page.get_by_text(visit.say("You are offline.", "No hay conexión.")).first).to_be_visible()
    page.context.set_offline(False)
    finished(visit)
    expect(lost).to_be_hidden()


def test_a_broken_connection_is_taken_up_again(open_page: Open) -> None:
    visit = Visit(open_page(), spanish=False)
    page = visit.page
    page.route("**/events", lambda route: route.abort("connectionreset"), times=2)
    page.goto("/")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_text("The connection was lost.")).to_be_visible()
    finished(visit)
    expect(page.get_by_text("The connection was lost.")).to_be_hidden()


@told_first(SPANISH_PHONE)
def test_each_model_is_heard_before_it_is_chosen(visit: Visit, product: Product) -> None:
    with product.client() as client:
        models = len(client.get("/models").json()["items"])
    page, say = visit.page, visit.say
    page.goto("/")
    hear = page.get_by_role("button", name=re.compile(say("Hear a sample of ", "Oír una muestra de ")))
    expect(hear).to_have_count(models)
    player = page.get_by_role("region", name=say("Player", "Reproductor"))
    chosen = page.get_by_role("radio", checked=True).get_attribute("value")
    for title in [
        (button.get_attribute("title") or "").partition(" of " if not visit.spanish else " de ")[2]
        for button in hear.all()
    ]:
        page.get_by_role("button", name=say(f"Hear a sample of {title}", f"Oír una muestra de {title}")).click()
        expect(
            page.get_by_role("button", name=say(f"Pause the sample of {title}", f"Pausar la muestra de {title}"))
        ).to_be_visible()
        expect(player).to_contain_text(say(f"A sample of {title}", f"Una muestra de {title}"))
    assert page.get_by_role("radio", checked=True).get_attribute("value") == chosen


def test_variations_stand_side_by_side(visit: Visit) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_label(visit.say("Variations", "Variaciones"), exact=True).select_option("3")
    compose(visit)
    variations = page.get_by_role("group", name=visit.say("Variations", "Variaciones")).get_by_role("button")
    expect(variations).to_have_count(3)
    seeds = set()
    for index in range(3):
        variations.nth(index).click()
        expect(variations.nth(index)).to_have_attribute("aria-pressed", "true")
        seeds.add(page.locator("e-piece-view .tag").text_content())
    assert len(seeds) == 3


def test_a_wrong_seed_is_told_beside_its_field(visit: Visit) -> None:
    page, say = visit.page, visit.say
    page.goto("/")
    seed = page.get_by_label(say("Seed", "Semilla"), exact=True)
    seed.fill("-4")
    page.get_by_role("button", name=say("Compose", "Componer"), exact=True).click()
    expect(seed).to_have_accessible_description(re.compile(say("A whole number from 0", "Un número entero de 0")))
    expect(seed).to_be_focused()
    page.get_by_role("button", name=say("Throw the dice", "Tirar los dados")).click()
    expect(seed).to_have_accessible_description(re.compile(say("The same seed", "La misma semilla")))
