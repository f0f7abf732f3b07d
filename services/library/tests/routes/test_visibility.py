"""Visibility of songs: private, unlisted, public, deleted and restored, on every route."""

from datetime import timedelta
from typing import Any

import grpc
import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

Register = Any


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


@pytest.fixture
def robert(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("robert", "Robert")


async def resolvable(library: LibraryServiceStub, peer: Any, song_id: str, user_id: str) -> bool:
    request = pb.ResolveArtifactRequest(song_id=song_id, listener_id=user_id)
    try:
        await library.ResolveArtifact(request, metadata=peer)
    except grpc.aio.AioRpcError as error:
        if error.code() != grpc.StatusCode.NOT_FOUND:
            raise
        return False
    return True


async def seen_by(client: httpx.AsyncClient, song_id: str, headers: dict[str, str]) -> set[str]:
    """Return the routes that show the song."""
    url = f"/api/v1/songs/{song_id}"
    found = set()
    for name in ("", "/midi", "/remix", "/comments"):
        answer = await client.get(url + name, headers=headers)
        assert answer.status_code in (200, 404)
        if answer.status_code == 200:
            found.add(name or "song")
    feed = (await client.get("/api/v1/library/explore", headers=headers)).json()["items"]
    return found | ({"feed"} if any(song["id"] == song_id for song in feed) else set())


DIRECT = {"song", "/midi", "/remix", "/comments"}


@pytest.mark.parametrize(
    ("visibility", "expected"), [("private", set()), ("unlisted", DIRECT), ("public", DIRECT | {"feed"})]
)
async def test_visibility_determines_what_others_see(
    client: httpx.AsyncClient,
    library: LibraryServiceStub,
    peer: Any,
    register: Register,
    clara: dict[str, str],
    robert: dict[str, str],
    visibility: str,
    expected: set[str],
) -> None:
    song_id = await register()
    await client.patch(f"/api/v1/songs/{song_id}", json={"visibility": visibility}, headers=clara)
    assert await seen_by(client, song_id, robert) == expected
    assert await seen_by(client, song_id, {}) == expected
    for user_id in ("robert", ""):
        assert await resolvable(library, peer, song_id, user_id) is bool(expected)
    assert await seen_by(client, song_id, clara) >= DIRECT


async def test_a_song_made_private_disappears_for_others(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], robert: dict[str, str]
) -> None:
    song_id = await register()
    url = f"/api/v1/songs/{song_id}"
    await client.patch(url, json={"visibility": "public"}, headers=clara)
    await client.put(f"{url}/like", headers=robert)
    await client.patch(url, json={"visibility": "private"}, headers=clara)
    assert await seen_by(client, song_id, robert) == set()
    assert (await client.get("/api/v1/library/likes", headers=robert)).json()["items"] == []
    assert (await client.get("/api/v1/library/authors/clara", headers=robert)).status_code == 404


async def test_others_cannot_change_a_public_song(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], robert: dict[str, str]
) -> None:
    song_id = await register()
    url = f"/api/v1/songs/{song_id}"
    await client.patch(url, json={"visibility": "public"}, headers=clara)
    before = (await client.get(url, headers=clara)).json()
    for method, path, body in [
        ("PATCH", url, {"title": "Taken over"}),
        ("DELETE", url, None),
        ("POST", f"{url}/shares", {}),
        ("GET", f"{url}/shares", None),
        ("POST", f"{url}/restore", None),
    ]:
        answer = await client.request(method, path, json=body, headers=robert)
        assert answer.status_code == 404, (method, path)
    assert (await client.get(url, headers=clara)).json() == before


async def test_publishing_again_keeps_the_position_in_the_feed(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    first, second = await register(title="First"), await register(title="Second")
    for song_id in (first, second):
        await client.patch(f"/api/v1/songs/{song_id}", json={"visibility": "public"}, headers=clara)
    for visibility in ("private", "public"):
        await client.patch(f"/api/v1/songs/{first}", json={"visibility": visibility}, headers=clara)
    feed = (await client.get("/api/v1/library/explore")).json()["items"]
    assert [song["title"] for song in feed] == ["Second", "First"]


async def test_a_deleted_song_is_in_the_trash_and_can_be_restored(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], robert: dict[str, str]
) -> None:
    song_id = await register(title="Sketch")
    url = f"/api/v1/songs/{song_id}"
    await client.patch(url, json={"visibility": "public", "tags": ["rain"]}, headers=clara)
    before = (await client.get(url, headers=clara)).json()
    await client.delete(url, headers=clara)
    assert await seen_by(client, song_id, {}) == set()
    trash = (await client.get("/api/v1/songs/trash", headers=clara)).json()["items"]
    assert [item["title"] for item in trash] == ["Sketch"]
    assert (await client.get("/api/v1/songs/trash", headers=robert)).json()["items"] == []
    assert (await client.post(f"{url}/restore", headers=robert)).status_code == 404
    restored = await client.post(f"{url}/restore", headers=clara)
    assert (restored.status_code, restored.json()) == (200, before)
    assert await seen_by(client, song_id, {}) == DIRECT | {"feed"}
    assert (await client.post(f"{url}/restore", headers=clara)).status_code == 404


@pytest.mark.parametrize(("age", "status"), [(timedelta(days=29, hours=23), 200), (timedelta(days=30, hours=1), 404)])
async def test_a_song_can_be_restored_for_30_days(
    app: FastAPI, client: httpx.AsyncClient, register: Register, clara: dict[str, str], age: timedelta, status: int
) -> None:
    song_id = await register()
    await client.delete(f"/api/v1/songs/{song_id}", headers=clara)
    async with app.state.database.sessions.begin() as session:
        await session.execute(text("UPDATE songs SET deleted_at = now() - CAST(:age AS interval)"), {"age": age})
    listed = (await client.get("/api/v1/songs/trash", headers=clara)).json()["items"]
    assert len(listed) == (status == 200)
    assert (await client.post(f"/api/v1/songs/{song_id}/restore", headers=clara)).status_code == status
