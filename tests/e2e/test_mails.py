"""Mails through a real mail server: a lost password is recovered, and a digest of notifications arrives once."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg
import httpx
import pytest
from euterpe_stack.postgres import running_port
from euterpe_test_kit.mail_server import MailServer, link_in, text_of

from tests.e2e.product import Product

pytestmark = pytest.mark.e2e

SETTINGS = {"SMTP_HOST": "127.0.0.1", "SMTP_SECURITY": "none", "MAIL_FROM": "Euterpe <no-reply@music.example>"}


@dataclass(frozen=True)
class Mailing:
    """A product and the mail server that it uses."""

    product: Product
    server: MailServer


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailing]:
    product, server = Product(tmp_path_factory.mktemp("mailing")), MailServer()
    server.start()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (SETTINGS | {"SMTP_PORT": str(server.port)}).items():
            environment.setenv(f"EUTERPE_AUTH_{name}", value)
        product.start()
    yield Mailing(product, server)
    product.stop()
    server.stop()


def _token(link: str) -> str:
    return link.partition("#token=")[2]


def _verify(mailing: Mailing, user: httpx.Client, email: str) -> None:
    user.put("/auth/me/email", json={"email": email}).raise_for_status()
    verification = link_in(mailing.server.wait_for(email))
    assert verification.startswith(f"{mailing.product.url}/verify-email#")
    with mailing.product.client() as anonymous:
        anonymous.post("/auth/email-verifications", json={"token": _token(verification)}).raise_for_status()


def test_a_lost_password_is_recovered_through_the_mail_server(mailing: Mailing) -> None:
    product, server, email = mailing.product, mailing.server, "clara@example.com"
    with product.log_in_new_user() as user, product.client() as anonymous:
        name = user.get("/auth/me").raise_for_status().json()["username"]
        _verify(mailing, user, email)
        # A mail server that is away for a moment delays the mail only.
        server.replies.append("421 back soon")
        anonymous.post("/auth/password-recovery", json={"account": email}).raise_for_status()
        recovery = link_in(server.wait_for(email, count=2, seconds=120))
        body = {"token": _token(recovery), "new_password": "op. 17, in G minor"}
        anonymous.post("/auth/password-recovery/completion", json=body).raise_for_status()
        assert user.get("/auth/sessions").status_code == 401
        form = {"grant_type": "password", "username": name, "password": "op. 17, in G minor"}
        assert anonymous.post("/auth/token", data=form).status_code == 200
        assert server.wait_for(email, count=3)["Subject"] == "Your password was recovered"


def test_a_digest_of_notifications_arrives_once(mailing: Mailing) -> None:
    product, server, email = mailing.product, mailing.server, "fanny@example.com"
    with product.log_in_new_user() as user, product.log_in_new_user() as fan:
        _verify(mailing, user, email)
        user.put("/library/notification-settings", json={"digest": "daily"}).raise_for_status()
        body = {"length": 30, "title": "Barcarolle"}
        piece = user.post("/generations", json=body, headers={"Prefer": "wait=30"}).raise_for_status().json()
        song = f"/songs/{piece['song_id']}"
        user.patch(song, json={"visibility": "public"}).raise_for_status()
        fan.put(f"{song}/like").raise_for_status()
        asyncio.run(_make_digests_due(product))
        digest = server.wait_for(email, count=2, seconds=120)
        assert digest["Subject"] == "Euterpe: One new notification"
        assert "liked “Barcarolle”" in text_of(digest)
        assert f"{product.url}/library{song}" in text_of(digest)
        unsubscribe = digest["List-Unsubscribe"].strip("<>")
        assert unsubscribe.startswith(f"{product.url}/api/v1/auth/unsubscriptions?token=")
        # The next digest has news only.
        fan.post(f"{song}/comments", json={"text": "Bravo"}).raise_for_status()
        asyncio.run(_make_digests_due(product))
        assert "Bravo" in text_of(server.wait_for(email, count=3, seconds=120))
        assert [mail["Subject"] for mail in server.mails if "liked" in text_of(mail)] == [digest["Subject"]]
        # What a mail program does with one click (RFC 8058), without a login.
        assert httpx.post(unsubscribe, data={"List-Unsubscribe": "One-Click"}).status_code == 204
        assert user.get("/library/notification-settings").json()["digest"] == "off"


async def _make_digests_due(product: Product) -> None:
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=running_port(product.data / "postgres"),
        user="euterpe_library",
        password=product.secrets()["database_passwords"]["library"],
        database="euterpe",
    )
    await connection.execute("UPDATE library.digest_settings SET next_at = now()")
    await connection.close()
