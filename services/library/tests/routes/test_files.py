"""Import of MIDI files, and export of the library."""

import asyncio
import dataclasses
import io
import json
import uuid
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.services import imports
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.piece import Piece, Tempo, Track, make_notes
from euterpe_service_kit.midi_artifacts import midi_digest, midi_key
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text
from starlette.types import Message

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


async def test_a_damaged_file_is_stored_as_the_product_writes_it(
    client: httpx.AsyncClient, clara: dict[str, str], token_issuer: TokenIssuer
) -> None:
    uploaded = tune()[:-20]
    answer = await upload(client, clara, uploaded, title="Cut")
    assert answer.status_code == 201, answer.text
    song = answer.json()
    midi = await client.get(song["midi_url"], headers=clara)
    stored = read_midi(midi.content)
    assert midi.content == write_midi(read_midi(uploaded)) != uploaded
    assert song["note_count"] == len(stored.notes)
    assert song["duration_seconds"] == pytest.approx(stored.duration_seconds, abs=1e-6)
    url = f"/api/v1/songs/{song['id']}/original"
    original = await client.get(url, headers=clara)
    assert (original.content, song["original_size_bytes"]) == (uploaded, len(uploaded))
    assert "Cut.original.mid" in original.headers["content-disposition"]
    await client.patch(f"/api/v1/songs/{song['id']}", json={"visibility": "public"}, headers=clara)
    assert (await client.get(url, headers=token_issuer.headers("robert", "Robert"))).status_code == 404


async def test_a_composed_song_has_no_original(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register()
    answer = await client.get(f"/api/v1/songs/{song_id}/original", headers=clara)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-original")
    assert (await client.get(f"/api/v1/songs/{song_id}", headers=clara)).json()["original_size_bytes"] is None


@pytest.mark.parametrize(
    ("own", "query", "title"),
    [
        ("Air", {"title": "Given", "filename": "file.mid"}, "Given"),
        ("Air", {"filename": "file.mid"}, "Air"),
        ("", {"filename": "dir/Für Elise.mid"}, "Für Elise"),
        ("", {"filename": "\u202e\x7f.mid"}, "Untitled"),
        ("", {}, "Untitled"),
    ],
)
async def test_a_song_without_a_title_is_named_after_its_file(
    client: httpx.AsyncClient, clara: dict[str, str], own: str, query: dict[str, str], title: str
) -> None:
    piece = dataclasses.replace(read_midi(tune()), title=own)
    answer = await upload(client, clara, write_midi(piece), **query)
    assert (answer.status_code, answer.json()["title"]) == (201, title)


@pytest.mark.parametrize(
    ("keys", "key"), [((), "A minor"), ((KeyChange(0, KeySignature.parse("Gb major")),), "F# major")]
)
async def test_key_and_meter_are_those_that_the_file_states(
    client: httpx.AsyncClient, clara: dict[str, str], keys: tuple[KeyChange, ...], key: str
) -> None:
    piece = dataclasses.replace(read_midi(tune()), keys=keys, meters=(MeterChange(0, Meter(6, 8)),))
    song = (await upload(client, clara, write_midi(piece))).json()
    assert (song["key"], song["meter"]) == (key, "6/8")


async def test_overlapping_notes_are_counted_as_they_are_written(
    client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    notes = make_notes([0, 240, 240, 960], [960, 480, 720, 480], 60, 80)
    song = (await upload(client, clara, write_midi(Piece(480, notes)))).json()
    stored = read_midi((await client.get(song["midi_url"], headers=clara)).content)
    assert song["note_count"] == len(stored.notes) == 3


async def test_a_repeated_upload_of_a_deleted_song_is_a_conflict(
    client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    song = (await upload(client, clara, tune(), key="once")).json()
    await client.delete(f"/api/v1/songs/{song['id']}", headers=clara)
    answer = await upload(client, clara, tune(), key="once")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/import-deleted")
    assert song["id"] in answer.json()["detail"]
    await client.post(f"/api/v1/songs/{song['id']}/restore", headers=clara)
    assert (await upload(client, clara, tune(), key="once")).json()["id"] == song["id"]


async def test_purging_removes_both_files(
    app: FastAPI, client: httpx.AsyncClient, clara: dict[str, str], object_store: ObjectStore
) -> None:
    uploaded = tune(6.0)[:-20]
    song = (await upload(client, clara, uploaded)).json()
    keys = [midi_key(song["midi_sha256"]), midi_key(midi_digest(uploaded))]
    assert len(set(keys)) == 2
    while not (await app.state.erasure.delete_user("clara"))[1]:
        pass
    assert [await object_store.head(key) for key in keys] == [None, None]


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
        (tune()[:12], "truncated"),
        (tune()[:30], "no-notes"),
        (tune(7200.0), "too-long"),
        (write_midi(Piece(480, make_notes(np.arange(100_001), 1, 60, 80))), "too-many-notes"),
    ],
    ids=["text", "truncated", "silent", "long", "many"],
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


async def test_refused_uploads_are_no_errors_of_the_server(
    app: FastAPI, client: httpx.AsyncClient, clara: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(imports.MAX_BYTES // 65_536 + 2):
            yield bytes(65_536)

    assert (await upload(client, clara, b"MThd" + bytes(imports.MAX_BYTES))).status_code == 413
    assert (await client.post(IMPORTS, content=chunks(), headers=clara)).status_code == 413
    assert (await upload(client, clara, b"not a MIDI file at all")).status_code == 422
    await abandon_upload(app, clara)
    log = [line.msg for line in caplog.records if isinstance(line.msg, dict)]
    assert [line["status"] for line in log if line.get("path") == IMPORTS] == [413, 413, 422, 499]
    assert {line["level"] for line in log} == {"info"}
    counted = [line for line in (await client.get("/metrics")).text.splitlines() if f'route="{IMPORTS}"' in line]
    assert not [line for line in counted if 'status="5' in line]
    assert len([line for line in counted if "_requests_total{" in line]) == 3


async def abandon_upload(app: FastAPI, headers: dict[str, str]) -> None:
    """Upload as a gateway does that disconnects because a body exceeds its limit."""
    messages = iter([{"type": "http.request", "body": b"MThd", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": IMPORTS, "raw_path": IMPORTS.encode(),
        "root_path": "", "scheme": "http", "query_string": b"", "client": ("127.0.0.1", 1),
        "server": ("localhost", 80), "headers": [*fields, (b"transfer-encoding", b"chunked")],
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent == []


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


async def test_the_archive_keeps_titles_of_any_script(client: httpx.AsyncClient, clara: dict[str, str]) -> None:
    for title in ("夜想曲 第二番", "हिन्दी", "🎹"):
        await upload(client, clara, tune(), title=title)
    names = {name.split("-", 1)[1] for name in (await exported(client, clara)).namelist() if name.endswith(".json")
             and "/" in name}  # fmt: skip
    assert names == {"夜想曲-第二番.json", "हिन्दी.json", "song.json"}


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
    body = {"label": "For Robert"}
    link = (await client.post(f"/api/v1/songs/{imported['id']}/shares", json=body, headers=clara)).json()
    comments = (await client.get(f"/api/v1/songs/{other}/comments")).json()["items"]
    reason = {"reason": "spam"}
    await client.put(f"/api/v1/library/comments/{comments[0]['id']}/report", json=reason, headers=clara)
    archive = await exported(client, clara)
    names = archive.namelist()
    assert len([name for name in names if name.endswith(".mid")]) == 22
    own = next(name for name in names if name.endswith("fur-elise-1.mid"))
    assert archive.read(own) == tune()
    assert archive.read(own.replace(".mid", ".original.mid")) == tune()
    described = json.loads(archive.read(own.replace(".mid", ".json")))
    assert (described["id"], described["title"]) == (imported["id"], "Für Elise / 1")
    activity = json.loads(archive.read("listener.json"))
    assert (activity["liked_songs"], activity["comments"][0]["text"]) == ([other], "Lovely")
    assert activity["playlists"][0]["song_ids"] == [other]
    assert activity["missing_files"] == []
    (exported_link,) = activity["share_links"]
    assert (exported_link["song_id"], exported_link["label"]) == (imported["id"], "For Robert")
    assert link["token"] not in archive.read("listener.json").decode()
    assert [report["comment_id"] for report in activity["reports"]] == [comments[0]["id"]]
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
