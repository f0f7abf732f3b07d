"""Import of MIDI files, and export of the library."""

import asyncio
import io
import json
import uuid
import zipfile
from typing import Any

import httpx
import numpy as np
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.services import imports
from euterpe_music.midi import write_midi
from euterpe_music.piece import Piece, Tempo, Track, make_notes
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

Register = Any
IMPORTS = "/api/v1/library/imports"
SCALE = np.array([69, 71, 72, 74, 76, 77, 80, 81])


def tune(seconds: float = 4.0) -> bytes:
    """Return a scale in A minor for violin with a drum, at 90 quarters per minute."""
    step = int(seconds * 1.5 * 480 / len(SCALE))
    onsets = np.arange(len(SCALE)) * step
    violin = make_notes(onsets, step, SCALE, 80, 0)
    drum = make_notes(onsets, 60, 38, 90, 1)
    tracks = (Track(40), Track(0, is_drum=True))
    return write_midi(Piece(480, np.concatenate([violin, drum]), tracks, (Tempo(0, 90.0),)))


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


async def upload(
    client: httpx.AsyncClient, headers: dict[str, str], content: bytes, key: str = "", **query: str
) -> httpx.Response:
    more = {"Idempotency-Key": key} if key else {}
    return await client.post(IMPORTS, params=query, content=content, headers=headers | more)


async def test_an_imported_file_is_measured_and_searchable(client: httpx.AsyncClient, clara: dict[str, str]) -> None:
    content = tune()
    answer = await upload(client, clara, content, title="Für Elise")
    assert answer.status_code == 201, answer.text
    song = (await client.get(answer.headers["location"], headers=clara)).json()
    assert song == answer.json()
    assert (song["title"], song["author"], song["visibility"]) == ("Für Elise", "Clara", "private")
    assert (song["model"], song["seed"], song["note_count"]) == (None, None, 2 * len(SCALE))
    assert (song["key"], song["tempo_bpm"], song["instruments"]) == ("A minor", 90.0, ["Violin", "Drum Kit"])
    assert song["duration_seconds"] == pytest.approx(4.0, abs=0.2)
    assert song["measures"]["scale_score"] > 0.5
    assert (await client.get(song["midi_url"], headers=clara)).content == content
    found = await client.get("/api/v1/songs", params={"q": "elise", "instrument": "Violin"}, headers=clara)
    assert [item["id"] for item in found.json()["items"]] == [song["id"]]
    remix = await client.get(f"/api/v1/songs/{song['id']}/remix", headers=clara)
    assert (remix.status_code, remix.json()["type"]) == (409, "/problems/not-composed")


async def test_fifty_concurrent_uploads_with_one_key_create_one_song(
    client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    answers = await asyncio.gather(*(upload(client, clara, tune(), key="once") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await client.get("/api/v1/songs", headers=clara)).json()["items"]) == 1
    other = await upload(client, clara, tune(8.0), key="once")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_idempotency_keys_are_separate_per_user(
    client: httpx.AsyncClient, clara: dict[str, str], token_issuer: TokenIssuer
) -> None:
    first = await upload(client, clara, tune(), key="same")
    second = await upload(client, token_issuer.headers("robert", "Robert"), tune(), key="same")
    assert second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not a MIDI file at all", "not-midi"),
        (tune()[:30], "truncated"),
        (tune(7200.0), "too-long"),
        (write_midi(Piece(480, make_notes(np.arange(100_001), 1, 60, 80))), "too-many-notes"),
    ],
    ids=["text", "truncated", "long", "many"],
)
async def test_an_invalid_file_is_refused_and_not_stored(
    app: FastAPI, client: httpx.AsyncClient, clara: dict[str, str], content: bytes, reason: str
) -> None:
    answer = await upload(client, clara, content)
    assert answer.status_code == 422
    problem = answer.json()["errors"][0]
    assert (problem["field"], problem["limits"]["reason"]) == ("body", reason)
    assert (await client.get("/api/v1/songs", headers=clara)).json()["items"] == []
    async with app.state.database.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM artifact_garbage")) == 0


async def test_size_and_title_are_validated(client: httpx.AsyncClient, clara: dict[str, str]) -> None:
    assert (await upload(client, clara, b"MThd" + bytes(imports.MAX_BYTES))).status_code == 413
    assert (await upload(client, clara, b"")).status_code == 422
    for query, field in (({"title": " "}, "query.title"), ({"title": "x" * 201}, "query.title")):
        answer = await upload(client, clara, tune(), **query)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_the_object_of_an_interrupted_import_is_removed(
    app: FastAPI,
    client: httpx.AsyncClient,
    clara: dict[str, str],
    object_store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys: list[str] = []
    put = app.state.object_store.put

    async def crash(key: str, data: bytes, *, content_type: str) -> None:
        await put(key, data, content_type=content_type)
        keys.append(key)
        raise RuntimeError("a crash after the object was stored")

    monkeypatch.setattr(app.state.object_store, "put", crash)
    assert (await upload(client, clara, tune(5.0))).status_code == 500
    await app.state.erasure.sweep()
    assert await object_store.head(keys[0]) is not None
    async with app.state.database.sessions.begin() as session:
        await session.execute(text("UPDATE artifact_garbage SET since = now() - interval '11 minutes'"))
    await app.state.erasure.sweep()
    assert await object_store.head(keys[0]) is None


async def exported(client: httpx.AsyncClient, headers: dict[str, str]) -> zipfile.ZipFile:
    answer = await client.get("/api/v1/library/export", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


async def test_an_export_contains_all_own_data_and_nothing_else(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    imported = (await upload(client, clara, tune(), title="Für Elise / 1")).json()
    for number in range(20):
        await register(title=f"Song {number}")
    other = await register(title="Robert's", owner_id="robert", visibility=pb.VISIBILITY_PUBLIC)
    await client.put(f"/api/v1/songs/{other}/like", headers=clara)
    await client.post(f"/api/v1/songs/{other}/comments", json={"text": "Lovely"}, headers=clara)
    playlist = (await client.post("/api/v1/library/playlists", json={"title": "Mine"}, headers=clara)).json()
    await client.put(f"/api/v1/library/playlists/{playlist['id']}/songs/{other}", headers=clara)
    archive = await exported(client, clara)
    names = archive.namelist()
    assert len([name for name in names if name.endswith(".mid")]) == 21
    own = next(name for name in names if name.endswith("fur-elise-1.mid"))
    assert archive.read(own) == tune()
    described = json.loads(archive.read(own.replace(".mid", ".json")))
    assert (described["id"], described["title"]) == (imported["id"], "Für Elise / 1")
    activity = json.loads(archive.read("listener.json"))
    assert (activity["liked_songs"], activity["comments"][0]["text"]) == ([other], "Lovely")
    assert activity["playlists"][0]["song_ids"] == [other]
    assert activity["missing_files"] == []
    assert not any("robert" in name for name in names)


async def test_the_export_names_missing_files(
    client: httpx.AsyncClient, register: Register, object_store: ObjectStore, clara: dict[str, str]
) -> None:
    digest = uuid.uuid4().hex * 2
    midi = pb.MidiArtifact(key=f"midi/{digest}.mid", sha256=digest, size_bytes=9)
    song_id = await register(midi=midi)
    await object_store.delete(midi.key)
    archive = await exported(client, clara)
    assert json.loads(archive.read("listener.json"))["missing_files"] == [song_id]
