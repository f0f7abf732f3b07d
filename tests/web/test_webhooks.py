"""The page of webhooks: an event to a receiver that does not answer, and an address that is refused."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import SPANISH_PHONE, Visit, fast_variant, register

pytestmark = pytest.mark.web


@fast_variant(SPANISH_PHONE)
def test_a_delivery_to_a_dead_receiver_is_seen_and_repeated(visit: Visit, product: Product, name: str) -> None:
    page, text = visit.page, visit.text
    with product.client() as client:
        register(client, name)
    visit.log_in(name)
    page.goto("/account/webhooks")
    address = page.get_by_label(text("Address", "Dirección"))
    add = page.get_by_role("button", name=text("Add webhook", "Añadir webhook"))
    address.fill("http://10.0.0.1/events")
    add.click()
    refused = text("This address cannot be used", "Esta dirección no sirve")
    expect(page.get_by_text(refused)).to_be_visible()
    address.fill("http://127.0.0.1:9/events")
    add.click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.get_by_role("button", name=text("Send test event", "Enviar evento de prueba")).click()
    deliveries = page.get_by_role("button", name=text("Show deliveries", "Ver entregas"))
    # The worker takes new deliveries every few seconds.
    page.wait_for_timeout(3_000)
    deliveries.click()
    expect(page.get_by_text(text("pending", "pendiente"), exact=True)).to_be_visible()
    expect(page.get_by_text(text("Test event", "Evento de prueba"), exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(text("^Repeat", "^Repetir")))).to_be_visible()
