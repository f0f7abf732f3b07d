"""Storage quotas: per user, per network, and what frees them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_library.app import create_app
from euterpe_library.settings import Settings
from euterpe_service_kit.midi_artifacts import midi_digest, midi_key
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

from .test_files import IMPORTS, tune, upload

USAGE = "/api/v1/library/usage"


def guest(issuer: TokenIssuer, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.access_token(name, 'Guest', guest=True)}"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Two songs for a guest, three for a registered user, five imports a day for a network."""
    limits = {"guest_max_songs": 2, "registered_max_songs": 3, "network_max_imports_per_day": 5}
    return settings.model_copy(update=limits)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


async def test_a_full_library_refuses_imports_until_songs_are_deleted_permanently(
    client: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    headers = guest(token_issuer, "mina")
    songs = [(await upload(client, headers, tune(second))).json()["id"] for second in (2.0, 3.0)]
    refused = await upload(client, headers, tune(4.0))
    assert problem(refused) == (403, "/problems/storage-full")
    assert "2 songs" in refused.json()["detail"]
    assert "register" in refused.json()["detail"]
    # The trash can be restored, so it counts.
    await client.delete(f"/api/v1/songs/{songs[0]}", headers=headers)
    assert problem(await upload(client, headers, tune(4.0))) == (403, "/problems/storage-full")
    deleted = await client.delete(f"/api/v1/songs/{songs[0]}", headers=headers, params={"permanent": True})
    assert deleted.status_code == 204
    assert (await upload(client, headers, tune(4.0))).status_code == 201
    assert (await client.get("/api/v1/songs/trash", headers=headers)).json()["items"] == []
    assert (await client.get(f"/api/v1/songs/{songs[1]}", headers=headers)).status_code == 200


async def test_a_refused_import_leaves_no_object(
    app: FastAPI, client: httpx.AsyncClient, token_issuer: TokenIssuer, object_store: ObjectStore
) -> None:
    headers = guest(token_issuer, "nora")
    for second in (5.0, 6.0):
        await upload(client, headers, tune(second))
    refused = tune(7.0)
    assert (await upload(client, headers, refused)).status_code == 403
    assert await object_store.head(midi_key(midi_digest(refused))) is None


async def test_imports_at_the_same_time_do_not_exceed_the_quota(
    client: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    headers = guest(token_issuer, "olga")
    answers = await asyncio.gather(*(upload(client, headers, tune(10 + n)) for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 403, 403, 403]


async def test_a_repeated_import_is_answered_when_the_library_is_full(
    client: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    headers = guest(token_issuer, "petra")
    first = await upload(client, headers, tune(20.0), key="once")
    await upload(client, headers, tune(21.0))
    again = await upload(client, headers, tune(20.0), key="once")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])


async def test_bytes_are_limited_as_well(settings: Settings, token_issuer: TokenIssuer) -> None:
    size = 2 * len(tune(30.0))
    async with running_client(create_app(settings.model_copy(update={"registered_max_bytes": size}))) as client:
        headers = token_issuer.headers("rita", "Rita")
        assert (await upload(client, headers, tune(30.0))).status_code == 201
        assert problem(await upload(client, headers, tune(31.0))) == (403, "/problems/storage-full")


async def test_guests_of_one_network_share_a_daily_quota(
    app: FastAPI, client: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    guests = [guest(token_issuer, f"guest {number}") for number in range(6)]
    answers = [await upload(client, headers, tune(40.0 + number)) for number, headers in enumerate(guests)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert problem(answers[5]) == (429, "/problems/network-quota-reached")
    assert 0 < int(answers[5].headers["retry-after"]) <= 86_400
    # The next day.
    async with app.state.database.sessions.begin() as session:
        await session.execute(text("UPDATE network_imports SET day = day - 2"))
    assert (await upload(client, guest(token_issuer, "guest 6"), tune(50.0))).status_code == 201
    await app.state.erasure.sweep()
    async with app.state.database.sessions.begin() as session:
        assert await session.scalar(text("SELECT count(*) FROM network_imports")) == 1


async def test_the_user_sees_the_usage_and_the_limits(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    headers = token_issuer.headers("sara", "Sara")
    song = (await client.post(IMPORTS, content=tune(60.0), headers=headers)).json()
    usage = (await client.get(USAGE, headers=headers)).json()
    assert (usage["songs"], usage["max_songs"], usage["max_size_bytes"]) == (1, 3, 1024**3)
    assert usage["size_bytes"] > len(tune(60.0))
    await client.delete(f"/api/v1/songs/{song['id']}", headers=headers)
    assert (await client.get(USAGE, headers=headers)).json() == usage
    assert (await client.get(USAGE, headers=guest(token_issuer, "tina"))).json()["max_songs"] == 2


async def test_a_peer_sees_the_usage(
    client: httpx.AsyncClient, library: LibraryServiceStub, peer: Any, register: Any
) -> None:
    await register(owner_id="ursula")
    request = pb.GetStorageUsageRequest(listener_id="ursula", guest=True)
    answer = await library.GetStorageUsage(request, metadata=peer)
    assert (answer.songs, answer.max_songs, answer.size_bytes > 0) == (1, 2, True)


async def test_a_permanent_deletion_waits_for_a_concurrent_change(
    app: FastAPI, client: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    headers = token_issuer.headers("vera", "Vera")
    url = f"/api/v1/songs/{(await upload(client, headers, tune(71.0))).json()['id']}"
    async with app.state.database.sessions.begin() as session:
        # As a like locks it.
        await session.execute(text("SELECT id FROM songs FOR KEY SHARE"))
        deletion = asyncio.create_task(client.delete(url, headers=headers, params={"permanent": True}))
        done, _ = await asyncio.wait([deletion], timeout=0.5)
        assert not done
    assert (await deletion).status_code == 204
    assert (await client.get(url, headers=headers)).status_code == 404


async def test_only_the_owner_deletes_permanently(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    owner = token_issuer.headers("vera", "Vera")
    song = (await upload(client, owner, tune(70.0))).json()["id"]
    other = token_issuer.headers("wanda", "Wanda")
    answer = await client.delete(f"/api/v1/songs/{song}", headers=other, params={"permanent": True})
    assert answer.status_code == 404
    stale = await client.delete(
        f"/api/v1/songs/{song}", headers=owner | {"If-Match": '"99"'}, params={"permanent": True}
    )
    assert stale.status_code == 412
    assert (await client.get(f"/api/v1/songs/{song}", headers=owner)).status_code == 200


async def test_a_peer_removes_objects_that_no_song_has(
    client: httpx.AsyncClient, library: LibraryServiceStub, peer: Any, register: Any, object_store: ObjectStore
) -> None:
    orphan, used = midi_key(midi_digest(b"orphan")), midi_key(midi_digest(b"used"))
    await register(midi=pb.MidiArtifact(key=used, sha256=midi_digest(b"used"), size_bytes=4))
    await object_store.put(orphan, b"orphan", content_type="audio/midi")
    answer = await library.RemoveUnusedArtifacts(pb.RemoveUnusedArtifactsRequest(keys=[orphan, used]), metadata=peer)
    assert list(answer.removed) == [orphan]
    assert await object_store.head(orphan) is None
    assert await object_store.head(used) is not None


async def test_an_object_that_was_stored_again_is_kept(
    app: FastAPI, library: LibraryServiceStub, peer: Any, object_store: ObjectStore
) -> None:
    key = midi_key(midi_digest(b"stored again"))
    await object_store.put(key, b"stored again", content_type="audio/midi")
    removed = []
    for hours in (-1, 1):
        request = pb.RemoveUnusedArtifactsRequest(keys=[key])
        request.modified_before.FromDatetime(datetime.now(UTC) + timedelta(hours=hours))
        removed.append(list((await library.RemoveUnusedArtifacts(request, metadata=peer)).removed))
        # Nor does the library's own sweep remove it, which does not ask the generator.
        async with app.state.database.sessions.begin() as session:
            await session.execute(text("UPDATE artifact_garbage SET since = since - interval '1 day'"))
        await app.state.erasure.sweep()
        assert (await object_store.head(key) is None) == (hours == 1)
    assert removed == [[], [key]]


async def test_an_operator_sets_the_limits_of_one_user(
    client: httpx.AsyncClient, token_issuer: TokenIssuer, library: LibraryServiceStub, peer: Any
) -> None:
    operator = {"Authorization": f"Bearer {token_issuer.service_token('operator', scope='admin')}"}
    clara, path = token_issuer.headers("clara"), "/internal/admin/users/clara/quota"
    assert (await client.get(path, headers=operator)).json()["is_own"] is False
    limits = {"max_songs": 1, "max_size_bytes": 10_000}
    assert (await client.put(path, json=limits, headers=clara)).status_code in (401, 403)
    assert (await client.put(path, json=limits, headers=operator)).status_code == 204
    assert (await upload(client, clara, tune(2.0))).status_code == 201
    assert problem(await upload(client, clara, tune(3.0))) == (403, "/problems/storage-full")
    shown = (await client.get(path, headers=operator)).json()
    assert (shown["songs"], shown["max_songs"], shown["is_own"]) == (1, 1, True)
    usage = await client.get(USAGE, headers=clara)
    assert usage.json()["max_songs"] == 1
    assert '"songs";r=0, "storage";r=' in usage.headers["RateLimit"]
    assert '"songs";q=1, "storage";q=10000;qu="content-bytes"' in usage.headers["RateLimit-Policy"]
    asked = await library.GetStorageUsage(pb.GetStorageUsageRequest(listener_id="clara"), metadata=peer)
    assert asked.max_songs == 1, "generations are refused, too"
    # Others have the limits of all users.
    robert = token_issuer.headers("robert")
    assert [(await upload(client, robert, tune(second))).status_code for second in (2.0, 3.0)] == [201, 201]
    assert (await client.delete(path, headers=operator)).status_code == 204
    assert (await upload(client, clara, tune(3.0))).status_code == 201
