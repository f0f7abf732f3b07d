"""Permanent deletion removes everything that it should, and nothing else."""

import asyncio
import hashlib
from typing import Any
from unittest.mock import create_autospec

import grpc
import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_library.services import erasure
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

Register = Any
MakeRequest = Any
RegisterOne = Any
Metadata = list[tuple[str, str]]


def artifact(name: str) -> pb.MidiArtifact:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return pb.MidiArtifact(key=f"midi/{sha256}.mid", sha256=sha256, size_bytes=9)


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


async def age(app: FastAPI, table: str, column: str, days: int) -> None:
    async with app.state.database.sessions.begin() as session:
        await session.execute(text(f"UPDATE {table} SET {column} = {column} - interval '{days} days'"))


async def rows_with(app: FastAPI, needle: str) -> set[str]:
    """Return the tables that contain the text."""
    async with app.state.database.sessions() as session:
        tables = list(await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'library'")))
        found = set()
        for table in tables:
            query = text(f"SELECT count(*) FROM {table} AS t WHERE to_jsonb(t)::text LIKE :needle")
            if await session.scalar(query, {"needle": f"%{needle}%"}):
                found.add(table)
    return found


async def delete_user(library: LibraryServiceStub, auth_peer: Metadata, user_id: str) -> list[Any]:
    answers = []
    for _ in range(10):
        request = pb.DeleteListenerRequest(listener_id=user_id)
        answers.append(await library.DeleteListener(request, metadata=auth_peer))
        if answers[-1].done:
            return answers
    raise AssertionError("the deletion is not done after 10 calls")


async def test_an_object_is_removed_with_its_last_song(
    app: FastAPI, client: httpx.AsyncClient, register: Register, object_store: ObjectStore, clara: dict[str, str]
) -> None:
    midi = artifact("shared by two")
    songs = [await register(midi=midi), await register(midi=midi)]
    kept = []
    for song_id in songs:
        await client.delete(f"/api/v1/songs/{song_id}", headers=clara)
        await app.state.erasure.sweep()
        assert await object_store.head(midi.key) is not None
        await age(app, "songs", "deleted_at", 31)
        await app.state.erasure.sweep()
        await age(app, "artifact_garbage", "since", 1)
        await app.state.erasure.sweep()
        kept.append(await object_store.head(midi.key) is not None)
    assert kept == [True, False]


async def test_a_removed_object_must_be_stored_again_before_registration(
    app: FastAPI,
    client: httpx.AsyncClient,
    register_one: RegisterOne,
    make_request: MakeRequest,
    register: Register,
    object_store: ObjectStore,
    clara: dict[str, str],
) -> None:
    midi = artifact("composed twice")
    await client.delete(f"/api/v1/songs/{await register(midi=midi)}", headers=clara)
    await age(app, "songs", "deleted_at", 31)
    await app.state.erasure.sweep()
    await age(app, "artifact_garbage", "since", 1)
    await app.state.erasure.sweep()
    refused = await register_one(make_request(midi=midi))
    assert (refused.song_id, refused.retry) == ("", True)
    song_id = await register(midi=midi)
    await app.state.erasure.sweep()
    assert (await client.get(f"/api/v1/songs/{song_id}/midi", headers=clara)).status_code == 200


async def test_a_late_retry_does_not_restore_a_purged_song(
    app: FastAPI,
    client: httpx.AsyncClient,
    register_one: RegisterOne,
    make_request: MakeRequest,
    clara: dict[str, str],
) -> None:
    request = make_request()
    first = await register_one(request)
    await client.delete(f"/api/v1/songs/{first.song_id}", headers=clara)
    await age(app, "songs", "deleted_at", 31)
    await app.state.erasure.sweep()
    again = await register_one(request)
    assert (again.song_id, again.created) == (first.song_id, False)
    assert (await client.get("/api/v1/songs", headers=clara)).json()["items"] == []


async def test_deleting_a_user_deletes_all_their_data_and_nothing_else(
    app: FastAPI,
    client: httpx.AsyncClient,
    library: LibraryServiceStub,
    auth_peer: Metadata,
    register: Register,
    object_store: ObjectStore,
    token_issuer: TokenIssuer,
) -> None:
    public = pb.VISIBILITY_PUBLIC
    gone, shared = artifact("deleted"), artifact("kept")
    mine = await register(owner_id="user-g", author="Gone", visibility=public, midi=gone)
    await register(owner_id="user-g", author="Gone", midi=shared)
    other = await register(owner_id="clara", visibility=public, midi=shared)
    # As the converter stores them.
    audio = {each.sha256: f"audio/{each.sha256}/{'0' * 64}.mp3" for each in (gone, shared)}
    for key in audio.values():
        await object_store.put(key, b"audio", content_type="audio/mpeg")
    leaving, clara = token_issuer.headers("user-g", "Gone"), token_issuer.headers("clara", "Clara")
    for headers, song_id, author in ((leaving, other, "clara"), (clara, mine, "user-g")):
        await client.put(f"/api/v1/songs/{song_id}/like", headers=headers)
        await client.post(f"/api/v1/songs/{song_id}/comments", json={"text": "Hello"}, headers=headers)
        await client.put(f"/api/v1/library/authors/{author}/follow", headers=headers)
    await client.post("/api/v1/library/playlists", json={"title": "Theirs"}, headers=leaving)
    comments = (await client.get(f"/api/v1/songs/{other}/comments")).json()["items"]
    report = f"/api/v1/library/comments/{comments[0]['id']}/report"
    await client.put(report, json={"reason": "spam"}, headers=leaving)
    await client.post(f"/api/v1/songs/{mine}/shares", json={}, headers=leaving)

    answers = await delete_user(library, auth_peer, "user-g")
    assert sum(answer.songs for answer in answers) == 2
    # The id is kept where it prevents that deleted data is registered again.
    assert await rows_with(app, "user-g") <= {"deleted_listeners", "artifact_garbage"}
    assert await rows_with(app, "Gone") == set()
    assert await object_store.head(gone.key) is None
    assert await object_store.head(shared.key) is not None
    assert await object_store.head(audio[gone.sha256]) is None
    assert await object_store.head(audio[shared.sha256]) is not None
    kept = (await client.get(f"/api/v1/songs/{other}", headers=clara)).json()
    assert (kept["like_count"], kept["comment_count"]) == (0, 0)
    assert [answer.songs for answer in await delete_user(library, auth_peer, "user-g")] == [0]


async def test_an_interrupted_deletion_resumes(
    app: FastAPI,
    client: httpx.AsyncClient,
    library: LibraryServiceStub,
    auth_peer: Metadata,
    register: Register,
    object_store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(erasure, "_BATCH", 2)
    midis = [artifact(f"interrupted {number}") for number in range(5)]
    for midi in midis:
        await register(owner_id="leaving", midi=midi)
    with monkeypatch.context() as patch:
        delete = create_autospec(
            app.state.object_store.delete, side_effect=Unavailable("The object store does not answer.")
        )
        patch.setattr(app.state.object_store, "delete", delete)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await library.DeleteListener(pb.DeleteListenerRequest(listener_id="leaving"), metadata=auth_peer)
        assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
        delete.assert_awaited_once()
    answers = await delete_user(library, auth_peer, "leaving")
    assert len(answers) > 1
    assert [await object_store.head(midi.key) for midi in midis] == [None] * 5


async def test_nothing_is_registered_for_a_deleted_user(
    client: httpx.AsyncClient,
    library: LibraryServiceStub,
    auth_peer: Metadata,
    register_one: RegisterOne,
    make_request: MakeRequest,
    register: Register,
    token_issuer: TokenIssuer,
) -> None:
    for _ in range(3):
        await register(owner_id="leaving")

    async def late(number: int) -> str:
        # Spread over the deletion, so that some registrations precede it and some follow.
        await asyncio.sleep(number / 500)
        return str((await register_one(make_request(owner_id="leaving"))).refusal)

    outcomes = asyncio.gather(*map(late, range(20)))
    await delete_user(library, auth_peer, "leaving")
    deleted = "The account was deleted, so no song can be registered for it."
    assert set(await outcomes) <= {"", deleted}
    await delete_user(library, auth_peer, "leaving")
    assert await late(0) == deleted
    answer = await client.get("/api/v1/songs", headers=token_issuer.headers("leaving"))
    assert answer.json()["items"] == []


async def test_a_guests_songs_are_transferred_to_the_account(
    client: httpx.AsyncClient,
    library: LibraryServiceStub,
    auth_peer: Metadata,
    register: Register,
    token_issuer: TokenIssuer,
) -> None:
    song_id = await register(owner_id="guest-1", author="guest", title="Claimed")
    await register(owner_id="guest-2", author="guest", title="Somebody else's")
    claim = pb.TransferSongsRequest(from_listener_id="guest-1", to_listener_id="clara", author="Clara")
    assert [(await library.TransferSongs(claim, metadata=auth_peer)).songs for _ in range(2)] == [1, 0]
    clara = token_issuer.headers("clara", "Clara")
    items = (await client.get("/api/v1/songs", params={"q": "claimed"}, headers=clara)).json()["items"]
    assert [(song["id"], song["author"], song["author_id"]) for song in items] == [(song_id, "Clara", "clara")]
    guest = await client.get("/api/v1/songs", headers=token_issuer.headers("guest-1"))
    assert guest.json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"from_listener_id": ""}, "from_listener_id"),
        ({"to_listener_id": "x" * 201}, "to_listener_id"),
        ({"author": "a\x00"}, "author"),
    ],
)
async def test_an_invalid_transfer_is_refused(
    library: LibraryServiceStub, auth_peer: Metadata, changes: dict[str, str], field: str
) -> None:
    request = pb.TransferSongsRequest(**({"from_listener_id": "a", "to_listener_id": "b", "author": "B"} | changes))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await library.TransferSongs(request, metadata=auth_peer)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert f"{field}: " in (refused.value.details() or "")
