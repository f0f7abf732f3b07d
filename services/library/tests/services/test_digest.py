"""The digest by e-mail: claimed by auth when due, in the user's language, and claimed again unless it is confirmed."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

SETTINGS = "/api/v1/library/notification-settings"
Claim = Callable[[], Awaitable[pb.Digest | None]]


@pytest.fixture
def claim(library: LibraryServiceStub, auth_peer: Any) -> Claim:
    """Claim a digest as auth does."""

    async def call() -> pb.Digest | None:
        request = pb.ClaimDigestRequest(site_url="https://music.example")
        answer = await library.ClaimDigest(request, metadata=auth_peer)
        return answer.digest if answer.HasField("digest") else None

    return call


@pytest.fixture
def confirm(library: LibraryServiceStub, auth_peer: Any) -> Callable[[pb.Digest], Awaitable[None]]:
    """Confirm a digest as auth does."""

    async def call(digest: pb.Digest) -> None:
        request = pb.ConfirmDigestRequest(user_id=digest.user_id, notification_ids=digest.notification_ids)
        await library.ConfirmDigest(request, metadata=auth_peer)

    return call


@pytest.fixture
def pass_time(app: FastAPI) -> Callable[[timedelta], Awaitable[None]]:
    """Let time pass for the schedule of digests."""

    async def call(time: timedelta) -> None:
        async with app.state.database.sessions.begin() as session:
            await session.execute(
                text("UPDATE digest_settings SET next_at = next_at - CAST(:t AS interval)"), {"t": time}
            )

    return call


@pytest_asyncio.fixture
async def song(register: Any) -> str:
    """The path of a public song of Clara."""
    return f"/api/v1/songs/{await register(visibility=pb.VISIBILITY_PUBLIC)}"


async def test_a_digest_is_claimed_in_the_language_of_its_user_and_sent_once(
    client: httpx.AsyncClient, song: str, token_issuer: TokenIssuer, claim: Claim, confirm: Any, pass_time: Any
) -> None:
    clara, robert = token_issuer.headers("clara", "Clara"), token_issuer.headers("robert", "Robert")
    settings = {"digest": "daily", "language": "es", "kinds": {"follow": {"email": False}}}
    await client.put(SETTINGS, json=settings, headers=clara)
    await client.put(f"{song}/like", headers=robert)
    await client.put("/api/v1/library/authors/clara/follow", headers=robert)
    await client.post(f"{song}/comments", json={"text": "¡Qué bonito!\nDe verdad."}, headers=robert)
    await pass_time(timedelta(hours=23))
    assert await claim() is None
    await pass_time(timedelta(hours=1))
    digest = await claim()
    assert digest is not None
    assert (digest.user_id, digest.subject) == ("clara", "Euterpe: 2 notificaciones nuevas")
    assert "A Robert le gusta «Nocturne»" in digest.text
    assert "> ¡Qué bonito! De verdad." in digest.text
    assert f"https://music.example/library{song.removeprefix('/api/v1')}" in digest.text
    assert "te sigue" not in digest.text
    assert digest.text.endswith("darte de baja:\nhttps://music.example/notifications\n")
    await confirm(digest)
    await confirm(digest)
    # Tomorrow nothing is new, so there is no message; the day after, one with the new notification only.
    await pass_time(timedelta(days=1))
    assert await claim() is None
    await client.post(f"{song}/comments", json={"text": "Otra vez."}, headers=robert)
    assert await claim() is None
    await pass_time(timedelta(days=1))
    later = await claim()
    assert later is not None
    assert later.subject == "Euterpe: Una notificación nueva"


async def test_a_digest_that_is_not_confirmed_is_claimed_again_after_15_minutes(
    app: FastAPI, client: httpx.AsyncClient, song: str, token_issuer: TokenIssuer, claim: Claim, pass_time: Any
) -> None:
    await client.put(SETTINGS, json={"digest": "weekly"}, headers=token_issuer.headers("clara"))
    # A user without notifications does not delay others.
    await client.put(SETTINGS, json={"digest": "daily"}, headers=token_issuer.headers("ben"))
    await client.put(f"{song}/like", headers=token_issuer.headers("robert", "Robert"))
    await pass_time(timedelta(days=7))
    first = await claim()
    assert first is not None
    assert await claim() is None
    await pass_time(timedelta(minutes=14))
    assert await claim() is None
    await pass_time(timedelta(minutes=1))
    assert await claim() == first
    async with app.state.database.sessions() as session:
        next_at = await session.scalar(text("SELECT next_at FROM digest_settings WHERE user_id = 'ben'"))
    assert next_at > datetime.now(UTC) + timedelta(hours=23)


async def test_a_confirmation_concerns_notifications_of_its_user_only(
    client: httpx.AsyncClient, song: str, token_issuer: TokenIssuer, claim: Claim, confirm: Any, pass_time: Any
) -> None:
    await client.put(SETTINGS, json={"digest": "daily"}, headers=token_issuer.headers("clara"))
    await client.put(f"{song}/like", headers=token_issuer.headers("robert", "Robert"))
    await pass_time(timedelta(days=1))
    digest = await claim()
    assert digest is not None
    await confirm(pb.Digest(user_id="ben", notification_ids=digest.notification_ids))
    await pass_time(timedelta(minutes=15))
    assert await claim() == digest


@pytest.mark.parametrize("ids", [["x"], ["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"] * 51])
async def test_invalid_ids_are_refused(library: LibraryServiceStub, auth_peer: Any, ids: list[str]) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match="notification_ids") as caught:
        await library.ConfirmDigest(pb.ConfirmDigestRequest(user_id="clara", notification_ids=ids), metadata=auth_peer)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_digest_is_stopped_without_a_login(
    library: LibraryServiceStub, auth_peer: Any, client: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    headers = token_issuer.headers("clara")
    chosen = {"digest": "daily", "kinds": {"like": {"email": False}}}
    await client.put(SETTINGS, json=chosen, headers=headers)
    for _ in range(2):
        await library.StopDigest(pb.StopDigestRequest(user_id="clara"), metadata=auth_peer)
    settings = (await client.get(SETTINGS, headers=headers)).json()
    assert (settings["digest"], settings["kinds"]["like"]["email"]) == ("off", False)
