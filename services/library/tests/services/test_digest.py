"""The digest by e-mail: due, rendered in the user's language, once, and again after an outage."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.services.digest import DigestMessage, Digests
from euterpe_service_kit.errors import Unavailable
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text


class Mailbox:
    """What a mail server has received; it fails while `is_away`."""

    def __init__(self) -> None:
        self.messages: list[DigestMessage] = []
        self.is_away = False

    async def send(self, message: DigestMessage) -> None:
        if self.is_away:
            raise Unavailable("the mail server is away")
        self.messages.append(message)


async def test_a_digest_is_sent_once_in_the_language_of_its_user(
    app: FastAPI, client: httpx.AsyncClient, register: Any, token_issuer: TokenIssuer
) -> None:
    clara, robert = token_issuer.headers("clara", "Clara"), token_issuer.headers("robert", "Robert")
    song = f"/api/v1/songs/{await register(visibility=pb.VISIBILITY_PUBLIC)}"
    settings = {"digest": "daily", "language": "es", "kinds": {"follow": {"email": False}}}
    await client.put("/api/v1/library/notification-settings", json=settings, headers=clara)
    await client.put(f"{song}/like", headers=robert)
    await client.put("/api/v1/library/authors/clara/follow", headers=robert)
    await client.post(f"{song}/comments", json={"text": "¡Qué bonito!\nDe verdad."}, headers=robert)
    mailbox = Mailbox()
    digests = Digests(app.state.database, mailbox, site_url="https://music.example")
    await digests.send_due()
    assert mailbox.messages == []  # Not due before tomorrow.

    async def make_due() -> None:
        async with app.state.database.sessions.begin() as session:
            await session.execute(text("UPDATE digest_settings SET next_at = now()"))

    await make_due()
    mailbox.is_away = True
    with pytest.raises(Unavailable):
        await digests.send_due()
    mailbox.is_away = False
    await make_due()
    await digests.send_due()
    (message,) = mailbox.messages
    assert (message.user_id, message.subject) == ("clara", "Euterpe: 2 notificaciones nuevas")
    assert "A Robert le gusta «Nocturne»" in message.text
    assert "> ¡Qué bonito! De verdad." in message.text
    assert f"https://music.example/library{song.removeprefix('/api/v1')}" in message.text
    assert "te sigue" not in message.text
    async with app.state.database.sessions() as session:
        next_at = await session.scalar(text("SELECT next_at FROM digest_settings"))
    assert next_at > datetime.now(UTC) + timedelta(hours=23)
    await make_due()
    await digests.send_due()
    assert len(mailbox.messages) == 1  # Nothing new, so no message.
