"""Quotas: the account page shows use and limit, and a refused request says why."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import ENGLISH_DESKTOP, Visit, fast_variant, register
from tests.web.test_accessibility import Inspector

pytestmark = pytest.mark.web


@fast_variant(ENGLISH_DESKTOP)
def test_a_used_up_quota_is_shown_and_explained_in_both_languages(visit: Visit, product: Product, name: str) -> None:
    page, text = visit.page, visit.text
    with product.client() as client:
        headers = register(client, name)
    limits = ["users", "quota", name, "--pieces-per-day", "2", "--songs", "5"]
    command = [sys.executable, "-m", "euterpe_cli.admin", "--data", str(product.data), *limits]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    visit.log_in(name)
    page.goto("/account")
    usage = page.locator("e-usage-section")
    for used in (text("0 of 2", "0 de 2"), text("0 of 5", "0 de 5"), re.compile("0 MB (of|de) 1 GB")):
        expect(usage.get_by_text(used, exact=True)).to_be_visible()
    inspector = Inspector(visit)
    inspector.check("account with quotas")
    assert not inspector.violations, inspector.violations
    with product.client() as client:
        client.post("/generations", json={"length": 30, "count": 2}, headers=headers).raise_for_status()
    page.reload()
    expect(usage.get_by_text(text("2 of 2", "2 de 2"), exact=True)).to_be_visible()

    reasons = {
        "en": re.compile("You can compose at most 2 pieces a day; 0 are left today. The limit resets in .+."),
        "es": re.compile("Puedes componer como mucho 2 piezas al día; hoy te quedan 0. El límite se restablece en .+."),
    }
    page.goto("/")
    for spanish in (visit.spanish, not visit.spanish):
        compose = page.get_by_role("button", name="Componer" if spanish else "Compose", exact=True)
        compose.click()
        expect(page.get_by_text(reasons["es" if spanish else "en"]).first).to_be_visible()
        if spanish == visit.spanish:
            page.get_by_role("button", name=text("Cambiar a español", "Switch to English")).click()
