"""Stored mails: sent at least once each, also after failures."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet, MultiFernet
from euterpe_auth.domain.mails import MailKind
from euterpe_auth.services.key_rotation import KeyRotation
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_service_kit.database import Database
from euterpe_service_kit.mail import SmtpSender, SmtpServer
from euterpe_stack.ports import free_port
from euterpe_test_kit.mail_server import MailServer
from prometheus_client import CollectorRegistry

NOTICE = {
    "recipient": "clara@example.com", "notice": "password_changed", "username": "Clara", "language": "es",
    "time": "2026-01-01 12:00",
}  # fmt: skip


@pytest_asyncio.fixture
async def make_mails(settings: Any, clock: Any) -> AsyncIterator[Callable[..., Mails]]:
    """Make the mails of another process, which sends to a port."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url.get_secret_value(), schema="auth")
        stack.push_async_callback(database.close)

        def make(port: int, key: str | None = None, registry: CollectorRegistry | None = None) -> Mails:
            cipher = MultiFernet([Fernet(key or settings.key_encryption_key.get_secret_value())])
            sender = SmtpSender(SmtpServer("127.0.0.1", port, "none"), "no-reply@music.example")
            metrics = AuthMetrics(registry or CollectorRegistry())
            return Mails(database, sender, cipher, site="https://music.example", metrics=metrics, clock=clock)

        yield make


async def _store(mails: Mails) -> None:
    async with mails._database.sessions.begin() as session:
        mails.add(session, MailKind.NOTICE, **NOTICE)


async def test_a_mail_is_repeated_with_growing_pauses_until_the_server_accepts_it(
    make_mails: Any, mail_server: MailServer, rows: Any, clock: Any
) -> None:
    unreachable, mails = make_mails(free_port()), make_mails(mail_server.port)
    await _store(mails)
    assert await unreachable.run_one()
    assert not await mails.run_one()
    mail_server.replies.append("451 later")
    for pause in (15, 30):
        clock.advance(seconds=pause - 1)
        assert not await mails.run_one()
        clock.advance(seconds=2)
        assert await mails.run_one()
    (mail,) = mail_server.mails
    assert mail["Subject"] == "Se ha cambiado tu contraseña"
    assert await rows("SELECT 1 FROM mails") == []


async def test_a_refused_mail_and_one_that_is_too_old_are_dropped(
    make_mails: Any, mail_server: MailServer, rows: Any, clock: Any
) -> None:
    mails = make_mails(mail_server.port)
    await _store(mails)
    mail_server.replies.append("550 no such user here")
    assert await mails.run_one()
    await _store(mails)
    clock.advance(days=3, minutes=1)
    assert await mails.run_one()
    assert await rows("SELECT 1 FROM mails") == mail_server.mails == []


async def test_stored_mails_can_be_read_after_the_key_was_replaced(
    make_mails: Any, mail_server: MailServer, settings: Any, clock: Any
) -> None:
    old, new = settings.key_encryption_key.get_secret_value(), Fernet.generate_key().decode()
    await _store(make_mails(mail_server.port))
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    assert await KeyRotation(database, f"{new},{old}", clock).reencrypt() == 1
    await database.close()
    assert await make_mails(mail_server.port, new).run_one()
    assert len(mail_server.mails) == 1


@pytest.mark.parametrize("fields", [{"smtp_host": "x"}, {"smtp_host": "x", "public_url": "https://x.example"},
                                    {"mail_folder": "/tmp"}, {"mail_from": "someone"}])  # fmt: skip
def test_incomplete_settings_are_refused(settings: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"public_url|mail_from"):
        type(settings)(**settings.model_dump() | fields)


async def test_the_age_of_the_oldest_mail_is_measured(make_mails: Any, mail_server: MailServer, clock: Any) -> None:
    registry = CollectorRegistry()
    mails = make_mails(mail_server.port, registry=registry)

    async def oldest_seconds() -> float:
        await mails.measure()
        return registry.get_sample_value("euterpe_auth_mails_oldest_seconds") or 0

    assert await oldest_seconds() == 0
    await _store(mails)
    clock.advance(minutes=20)
    # A younger mail of a kind that ends earlier.
    async with mails._database.sessions.begin() as session:
        mails.add(session, MailKind.PASSWORD_RECOVERY, account="unknown")
    assert 1200 <= await oldest_seconds() < 1260
    while await mails.run_one():
        pass
    assert await oldest_seconds() == 0
