"""The page of webhooks: events to receivers that refuse or do not answer, and an address that is refused."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import SPANISH_PHONE, Visit, fast_variant, register
from tests.web.midi_files import import_midi
from tests.web.test_accessibility import Inspector

pytestmark = pytest.mark.web


class Receiver:
    """An HTTP server that records the types of events, and answers with `status`."""

    def __init__(self) -> None:
        #: The receiver wants no more events: deliveries are dead at once.
        self.status = 410
        self.types: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.types.append(json.loads(self.rfile.read(int(self.headers["content-length"])))["type"])
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@fast_variant(SPANISH_PHONE)
def test_a_dead_receiver_is_seen_and_its_events_are_sent_again(
    visit: Visit, product: Product, name: str, receiver: Receiver
) -> None:
    page, text = visit.page, visit.text
    with product.client() as client:
        user, fan = register(client, name), register(client, f"{name}-2")
        song = import_midi(client, "Air", user)
        client.patch(f"/songs/{song}", json={"visibility": "public"}, headers=user).raise_for_status()
    visit.log_in(name)
    page.goto("/account/webhooks")
    card = page.locator("e-webhook-card")
    address = page.get_by_label(text("Address", "Dirección"))
    add = page.get_by_role("button", name=text("Add webhook", "Añadir webhook"))
    address.fill("http://10.0.0.1/events")
    add.click()
    expect(page.get_by_text(text("This address cannot be used", "Esta dirección no sirve"))).to_be_visible()
    # Nobody listens at this port.
    address.fill("http://127.0.0.1:9/events")
    add.click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.get_by_role("button", name=text("Send test event", "Enviar evento de prueba")).click()
    expect(page.get_by_text(text("pending", "pendiente"), exact=True)).to_be_visible()
    expect(page.get_by_text(text("Test event", "Evento de prueba"), exact=True)).to_be_visible()
    unreachable = text("the receiver cannot be reached", "no se puede conectar con el receptor")
    expect(page.get_by_text(unreachable).first).to_be_visible()
    page.get_by_role("button", name=re.compile(text("^Remove the", "^Quitar el"))).click()
    expect(page.get_by_text(text("No webhooks.", "No hay webhooks."))).to_be_visible()

    address.fill(receiver.url)
    page.get_by_role("checkbox", name=text("Likes", "«Me gusta»")).uncheck()
    add.click()
    expect(page.get_by_text(receiver.url)).to_be_visible()
    with product.client() as client:
        author = client.get("/auth/me", headers=user).raise_for_status().json()["id"]
        client.put(f"/songs/{song}/like", headers=fan).raise_for_status()
        client.put(f"/library/authors/{author}/follow", headers=fan).raise_for_status()
    page.get_by_role("button", name=text("Send test event", "Enviar evento de prueba")).click()
    dead = page.get_by_role("status").filter(has_text=text("could not be delivered", "No se ha"))
    expect(dead).to_contain_text(text("2 events", "2 eventos"))
    expect(dead).to_contain_text(text("the receiver answered 410", "el receptor respondió 410"))
    expect(page.get_by_text(text("dead", "fallida"), exact=True)).to_have_count(2)
    expect(card.get_by_text(text("New followers", "Nuevos seguidores"), exact=True)).to_be_visible()
    inspector = Inspector(visit)
    inspector.check("webhook with a dead receiver")
    assert not inspector.violations, inspector.violations

    receiver.status = 204
    dead.get_by_role("button", name=re.compile(text("^Try again", "^Volver a intentar"))).click()
    expect(page.get_by_text(text("delivered", "entregada"), exact=True)).to_have_count(2)
    expect(dead).to_have_count(0)
    assert sorted(receiver.types) == ["follow", "follow", "ping", "ping"]

    card.get_by_role("button", name=re.compile(text("^Choose events", "^Elegir eventos"))).click()
    card.get_by_role("checkbox", name=text("Mentions", "Menciones")).uncheck()
    expect(page.get_by_text(text("Events saved.", "Eventos guardados."))).to_be_visible()
    with product.client() as client:
        (webhook,) = client.get("/library/webhooks", headers=user).raise_for_status().json()["items"]
    assert {"like", "mention"}.isdisjoint(webhook["kinds"])
    assert "comment" in webhook["kinds"]
