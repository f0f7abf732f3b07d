"""A lost password, recovered through a real mail server."""

import pytest
from euterpe_test_kit.mail_server import MailServer, link_in

from tests.e2e.conftest import Product

pytestmark = pytest.mark.e2e

EMAIL = "clara@example.com"
SETTINGS = {"SMTP_HOST": "127.0.0.1", "SMTP_SECURITY": "none", "MAIL_FROM": "Euterpe <no-reply@music.example>"}


def _token(link: str) -> str:
    return link.partition("#token=")[2]


def test_a_lost_password_is_recovered_through_the_mail_server(
    own_product: Product, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"EUTERPE_AUTH_{name}", value)
    monkeypatch.setenv("EUTERPE_AUTH_SMTP_PORT", str(mail_server.port))
    own_product.start()
    with own_product.log_in_new_user() as user, own_product.client() as anonymous:
        name = user.get("/auth/me").raise_for_status().json()["username"]
        user.put("/auth/me/email", json={"email": EMAIL}).raise_for_status()
        verification = link_in(mail_server.wait_for(EMAIL))
        assert verification.startswith(f"{own_product.url}/verify-email#")
        anonymous.post("/auth/email-verifications", json={"token": _token(verification)}).raise_for_status()
        # A mail server that is away for a moment delays the mail only.
        mail_server.replies.append("421 back soon")
        anonymous.post("/auth/password-recovery", json={"account": EMAIL}).raise_for_status()
        recovery = link_in(mail_server.wait_for(EMAIL, count=2, seconds=120))
        body = {"token": _token(recovery), "new_password": "op. 17, in G minor"}
        anonymous.post("/auth/password-recovery/completion", json=body).raise_for_status()
        assert user.get("/auth/sessions").status_code == 401
        form = {"grant_type": "password", "username": name, "password": "op. 17, in G minor"}
        assert anonymous.post("/auth/token", data=form).status_code == 200
        assert mail_server.wait_for(EMAIL, count=3)["Subject"] == "Your password was recovered"
