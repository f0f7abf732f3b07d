"""Digests of notifications: taken from the library, stored once, and mailed to verified addresses only."""

import asyncio
import re
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceServicer, add_LibraryServiceServicer_to_server
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_service_kit.database import Database
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.tokens import SERVICE, TokenVerifier
from euterpe_test_kit.mail_server import MailServer, text_of
from pydantic import AnyHttpUrl


class Library(LibraryServiceServicer):
    """A library with digests that are due until they are confirmed; confirmations fail while `is_failing`."""

    def __init__(self) -> None:
        self.due: deque[pb.Digest] = deque()
        self.confirmed: list[pb.ConfirmDigestRequest] = []
        self.sites: set[str] = set()
        self.stopped: list[str] = []
        self.is_failing = False
        self.failed = 0

    async def ClaimDigest(self, request: pb.ClaimDigestRequest, _: Any) -> pb.ClaimDigestResponse:  # noqa: N802
        self.sites.add(request.site_url)
        return pb.ClaimDigestResponse(digest=self.due[0] if self.due else None)

    async def ConfirmDigest(self, request: pb.ConfirmDigestRequest, _: Any) -> pb.ConfirmDigestResponse:  # noqa: N802
        if self.is_failing:
            self.failed += 1
            raise RuntimeError("a crash")
        self.confirmed.append(request)
        self.due.popleft()
        return pb.ConfirmDigestResponse()

    async def StopDigest(self, request: pb.StopDigestRequest, _: Any) -> pb.StopDigestResponse:  # noqa: N802
        self.stopped.append(request.user_id)
        return pb.StopDigestResponse()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def library(settings: Any, clock: Any) -> AsyncIterator[tuple[Library, dict[str, str]]]:
    """A library that accepts auth's service tokens, and the settings of its targets."""
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    ring = KeyRing(database, settings.key_encryption_key.get_secret_value(), clock)
    server, servicer = RpcServer(TokenVerifier(ring, SERVICE)), Library()
    add_LibraryServiceServicer_to_server(servicer, server.server)
    target = f"127.0.0.1:{await server.start('127.0.0.1', 0)}"
    yield servicer, {"library_target": target, "generator_target": target}
    await server.stop(0)
    await database.close()


def _mail_settings(port: int) -> dict[str, Any]:
    return {
        "public_url": AnyHttpUrl("https://music.example/"),
        "mail_from": "Euterpe <no-reply@music.example>",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
    }


def _digest(user_id: str, **fields: Any) -> pb.Digest:
    text = "Robert liked “Air”\n"
    values = {"message_id": str(uuid.uuid4()), "subject": "Euterpe: 1", "text": text, "notification_ids": ["a", "b"]}
    return pb.Digest(user_id=user_id, **(values | fields))


async def _user_id(user: Any) -> str:
    return str((await user.me((await user.tokens())["access_token"])).json()["id"])


async def test_a_digest_is_mailed_once_although_its_confirmation_was_lost(
    library: Any, replica: Any, user: Any, rows: Any, mail_server: MailServer, clock: Any
) -> None:
    servicer, targets = library
    user_id = await _user_id(user)
    await rows("UPDATE users SET email = 'clara@example.com'")
    digest = _digest(user_id)
    servicer.due.append(digest)
    servicer.is_failing = True
    async with replica(**targets, **_mail_settings(mail_server.port)):
        await _until(lambda: servicer.failed >= 2)
        (stored,) = await rows("SELECT id, due_at FROM mails")
        assert stored["id"] == uuid.UUID(digest.message_id)
        # The library returns a claimed digest again after 15 minutes; its mail must still be stored then.
        assert stored["due_at"] > clock() + timedelta(minutes=16)
        assert mail_server.mails == []
        servicer.is_failing = False
        mail = await asyncio.to_thread(mail_server.wait_for, "clara@example.com")
    assert (mail["Subject"], text_of(mail)) == (digest.subject, digest.text)
    assert mail["List-Unsubscribe"].startswith("<https://music.example/api/v1/auth/unsubscriptions?token=")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Message-ID"] == f"<{uuid.UUID(digest.message_id).hex}@music.example>"
    assert servicer.confirmed == [pb.ConfirmDigestRequest(user_id=user_id, notification_ids=["a", "b"])]
    assert servicer.sites == {"https://music.example"}
    assert len(mail_server.mails) == 1


async def test_a_stored_digest_is_mailed_although_its_process_died(
    library: Any, replica: Any, user: Any, rows: Any, mail_server: MailServer, clock: Any
) -> None:
    servicer, targets = library
    servicer.due.append(_digest(await _user_id(user)))
    servicer.is_failing = True
    await rows("UPDATE users SET email = 'clara@example.com'")
    settings = _mail_settings(mail_server.port)
    async with replica(**targets, **settings):
        await _until(lambda: servicer.failed > 0)
    clock.advance(minutes=21)
    async with replica(**settings):
        await asyncio.to_thread(mail_server.wait_for, "clara@example.com")


async def test_only_verified_addresses_of_active_accounts_get_digests(
    library: Any, replica: Any, user: Any, make_user: Any, rows: Any, mail_server: MailServer
) -> None:
    servicer, targets = library
    ids = {"unknown": str(uuid.uuid4()), "pending": await _user_id(user)}
    for name in ("suspended", "removed", "valid"):
        ids[name] = await _user_id(make_user(user.client, username=name))
    await rows("UPDATE users SET pending_email = 'pending@example.com' WHERE username = 'Clara'")
    await rows("UPDATE users SET email = username || '@example.com' WHERE username <> 'Clara'")
    await rows("UPDATE users SET suspended_at = now() WHERE username = 'suspended'")
    servicer.due.append(_digest(ids["removed"]))
    servicer.is_failing = True
    async with replica(**targets, **_mail_settings(mail_server.port)):
        await _until(lambda: servicer.failed > 0)
        # Before the stored mail is sent.
        await rows("UPDATE users SET email = NULL WHERE username = 'removed'")
        servicer.due.extend(_digest(ids[name]) for name in ("unknown", "pending", "suspended", "valid"))
        await rows("UPDATE mails SET due_at = now()")
        servicer.is_failing = False
        await asyncio.to_thread(mail_server.wait_for, "valid@example.com")
        await _until(lambda: len(servicer.confirmed) == 5)
        async with asyncio.timeout(60):
            while await rows("SELECT 1 FROM mails"):
                await asyncio.sleep(0.05)
    assert [mail["To"] for mail in mail_server.mails] == ["valid@example.com"]


async def test_without_a_mail_server_no_digest_is_claimed(library: Any, replica: Any) -> None:
    servicer, targets = library
    servicer.due.append(_digest(str(uuid.uuid4())))
    async with replica(**targets) as client:
        assert 'loop="digests"' not in (await client.get("/metrics")).text
    assert servicer.sites == set()


async def test_one_click_ends_the_digests_of_the_recipient_only(
    library: Any, replica: Any, user: Any, rows: Any, mail_server: MailServer
) -> None:
    servicer, targets = library
    user_id = await _user_id(user)
    await rows("UPDATE users SET email = 'clara@example.com'")
    servicer.due.append(_digest(user_id))
    async with replica(**targets, **_mail_settings(mail_server.port)) as client:
        mail = await asyncio.to_thread(mail_server.wait_for, "clara@example.com")
        # As it was sent: mail programs read no encoded words in this header.
        url = httpx.URL(re.findall(r"<(\S+)>", mail["List-Unsubscribe"])[0])
        assert f"<{url}>".encode() in mail_server.raw[-1]
        page = await client.get(url.raw_path.decode())
        assert (page.status_code, page.headers["Location"]) == (303, f"/unsubscribe#token={url.params['token']}")
        assert servicer.stopped == [], "programs that check mails open links"
        one_click = {"List-Unsubscribe": "One-Click"}
        assert (await client.post(url.raw_path.decode(), data=one_click)).status_code == 204
        assert (await client.post(url.raw_path.decode(), data=one_click)).status_code == 204, "idempotent"
        assert servicer.stopped == [user_id, user_id]
        token = url.params["token"]
        secret = (await user.call("POST", "/me/totp", (await user.log_in()).json()["access_token"])).json()["secret"]
        (sealed,) = await rows("SELECT sealed_secret FROM totp_secrets")
        for wrong in (token[:-6] + "AAAAAA", token[::-1], "", "ñ", user_id, secret, sealed["sealed_secret"].decode()):
            refused = await client.post("/api/v1/auth/unsubscriptions", params={"token": wrong})
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/invalid-unsubscription"), wrong
        assert len(servicer.stopped) == 2
