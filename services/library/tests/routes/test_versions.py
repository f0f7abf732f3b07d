"""Versions of songs: edited notes are saved, listed, restored and downloaded, and no version is lost."""

import base64
import dataclasses
import io
import zipfile
from typing import Any

import httpx
import numpy as np
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.services import versions as version_services
from euterpe_music.controls import make_controls
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.piece import Piece, Tempo, Track, make_notes
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI

Body = dict[str, Any]
#: A bar of 3/4 in D minor for violin (with pedal) and cello.
PIECE = Piece(
    480,
    make_notes([0, 480, 960, 0], [480, 480, 480, 1440], [74, 77, 81, 50], 80, [0, 0, 0, 1]),
    (Track(40, name="First violin"), Track(42, name="Cello")),
    (Tempo(0, 96.0),),
    (MeterChange(0, Meter(3, 4)),),
    (KeyChange(0, KeySignature.parse("D minor")),),
    make_controls([(0, 0, 64, 127), (960, 0, 64, 0), (0, 1, 7, 90)]),
    "Minuet",
)


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


async def imported(client: httpx.AsyncClient, headers: dict[str, str], piece: Piece = PIECE) -> str:
    answer = await client.post("/api/v1/library/imports", content=write_midi(piece), headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def read(client: httpx.AsyncClient, song: str, headers: dict[str, str], **query: int) -> Body:
    answer = await client.get(f"/api/v1/songs/{song}/notes", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    body: Body = answer.json()
    return body


def edited(read: Body, /, **changes: Any) -> Body:
    """Return the request that saves notes as they were read, with some changes."""
    tracks = [track | {"source": number} for number, track in enumerate(read["tracks"])]
    fields = {name: read[name] for name in ("notes", "tempos", "meters", "keys")}
    return {"base_number": read["version"], "tracks": tracks, **fields, **changes}


async def save(client: httpx.AsyncClient, song: str, headers: dict[str, str], body: Body) -> httpx.Response:
    return await client.post(f"/api/v1/songs/{song}/versions", json=body, headers=headers)


async def test_a_song_that_is_saved_as_it_was_read_keeps_its_file(
    client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    song = await imported(client, clara)
    notes = await read(client, song, clara)
    assert (notes["version"], notes["title"], notes["ticks_per_quarter"]) == (1, "Minuet", 480)
    assert notes["tracks"][0] == {"program": 40, "is_drum": False, "name": "First violin"}
    assert (notes["meters"], notes["keys"]) == ([{"tick": 0, "meter": "3/4"}], [{"tick": 0, "key": "D minor"}])
    assert notes["chords"][0] == {"tick": 0, "symbol": "Dm"}
    answer = await save(client, song, clara, edited(notes))
    assert (answer.status_code, answer.json()["version"]["number"]) == (200, 1)
    assert len((await client.get(f"/api/v1/songs/{song}/versions", headers=clara)).json()["items"]) == 1


async def test_edited_notes_become_the_current_version_and_the_original_is_restored(
    client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    song = await imported(client, clara)
    original = (await client.get(f"/api/v1/songs/{song}/midi", headers=clara)).content
    notes = await read(client, song, clara)
    rows = [[onset, duration, pitch + 1, velocity, track] for onset, duration, pitch, velocity, track in notes["notes"]]
    changes: Body = {
        "notes": [*rows, [1440, 480, 60, 70, 1]],
        "tempos": [{"tick": 0, "bpm": 80.0}, {"tick": 1440, "bpm": 60.0}],
        "meters": [{"tick": 0, "meter": "3/4"}, {"tick": 1440, "meter": "4/4"}],
        "keys": [{"tick": 0, "key": "Eb minor"}],
        "label": "a semitone higher",
    }
    answer = await save(client, song, clara, edited(notes, **changes))
    assert answer.status_code == 201, answer.text
    saved = answer.json()
    version = saved["version"]
    assert (version["number"], version["base_number"], version["origin"]) == (2, 1, "edited")
    assert (version["label"], version["is_current"], saved["saved_meanwhile"]) == ("a semitone higher", True, [])
    now = (await client.get(f"/api/v1/songs/{song}", headers=clara)).json()
    assert (now["current_version"], now["note_count"], now["tempo_bpm"]) == (2, 5, 80.0)
    assert (now["key"], now["title"], now["version"]) == ("D# minor", "Minuet", 2)
    piece = read_midi((await client.get(f"/api/v1/songs/{song}/midi", headers=clara)).content)
    assert (piece.title, piece.tracks, piece.ticks_per_quarter) == ("Minuet", PIECE.tracks, 480)
    assert [str(change.meter) for change in piece.meters] == ["3/4", "4/4"]
    assert np.array_equal(piece.controls, PIECE.controls)
    listed = (await client.get(f"/api/v1/songs/{song}/versions", headers=clara)).json()["items"]
    assert [(each["number"], each["origin"], each["is_current"]) for each in listed] == [
        (2, "edited", True),
        (1, "original", False),
    ]
    first = await client.get(listed[1]["midi_url"], headers=clara)
    assert (first.content, "Minuet.v1.mid" in first.headers["content-disposition"]) == (original, True)
    restored = await client.post(f"/api/v1/songs/{song}/versions/1/restore", headers=clara)
    assert (restored.status_code, restored.json()["version"]["number"]) == (201, 3)
    assert (restored.json()["version"]["origin"], restored.json()["version"]["base_number"]) == ("restored", 1)
    now = (await client.get(f"/api/v1/songs/{song}", headers=clara)).json()
    assert (now["key"], now["tempo_bpm"], now["note_count"], now["current_version"]) == ("D minor", 96.0, 4, 3)
    assert (await client.get(f"/api/v1/songs/{song}/midi", headers=clara)).content == original
    assert len((await read(client, song, clara, version=2))["notes"]) == 5


async def test_two_editors_of_one_version_both_keep_their_notes(
    client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    song = await imported(client, clara)
    notes = await read(client, song, clara)
    first = await save(client, song, clara, edited(notes, notes=notes["notes"][:2]))
    second = await save(client, song, clara, edited(notes, notes=notes["notes"][:3]))
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.json()["saved_meanwhile"], second.json()["saved_meanwhile"]) == ([], [2])
    assert (second.json()["version"]["number"], second.json()["version"]["base_number"]) == (3, 1)
    assert [len((await read(client, song, clara, version=number))["notes"]) for number in (1, 2, 3)] == [4, 2, 3]
    again = await save(client, song, clara, edited(notes, notes=notes["notes"][:3]))
    assert (again.status_code, again.json()["version"]["number"]) == (200, 3)


async def test_an_editor_that_saves_again_counts_the_tracks_that_it_has_read(
    client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    """The first violin is removed and saved, then restored by undo: it has its pedal again."""
    song = await imported(client, clara)
    notes = await read(client, song, clara)
    cello = edited(notes, tracks=[notes["tracks"][1] | {"source": 1}], notes=[[0, 1440, 50, 80, 0]])
    assert (await save(client, song, clara, cello)).json()["version"]["number"] == 2
    again = await save(client, song, clara, edited(notes, base_number=2, source_number=1))
    assert (again.json()["version"]["base_number"], again.json()["saved_meanwhile"]) == (2, [])
    piece = read_midi((await client.get(f"/api/v1/songs/{song}/midi", headers=clara)).content)
    assert np.array_equal(piece.controls, PIECE.controls)
    assert (await save(client, song, clara, edited(notes, base_number=9))).status_code == 404


async def test_a_new_track_has_no_controllers_and_a_removed_one_takes_its_own_with_it(
    client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    song = await imported(client, clara)
    notes = await read(client, song, clara)
    tracks = [notes["tracks"][1] | {"source": 1}, {"program": 73, "name": "Flute"}]
    body = edited(notes, tracks=tracks, notes=[[0, 1440, 50, 80, 0], [0, 480, 86, 80, 1]])
    assert (await save(client, song, clara, body)).status_code == 201
    piece = read_midi((await client.get(f"/api/v1/songs/{song}/midi", headers=clara)).content)
    assert [track.name for track in piece.tracks] == ["Cello", "Flute"]
    assert [tuple(control) for control in piece.controls.tolist()] == [(0, 0, 7, 90)]
    assert (await client.get(f"/api/v1/songs/{song}", headers=clara)).json()["instruments"] == ["Cello", "Flute"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"notes": []}, "body.notes"),
        ({"notes": [[0, 480, 128, 80, 0]]}, "body.notes.0"),
        ({"notes": [[0, 480, 60, 80, 2]]}, "body.notes.0"),
        ({"notes": [[-1, 480, 60, 80, 0]]}, "body.notes.0"),
        ({"notes": [[2**40, 480, 60, 80, 0]]}, "body.notes.0"),
        ({"notes": [[2**31 - 1, 480, 60, 80, 0]]}, "body.notes"),
        ({"notes": [[0, 480, 60, 80]]}, "body.notes.0"),
        ({"tracks": [{"program": 0, "source": 7}, {"program": 0}]}, "body.tracks.0.source"),
        ({"keys": [{"tick": 0, "key": "H minor"}]}, "body.keys.0.key"),
        ({"keys": [{"tick": 0, "key": "E# minor"}]}, None),
    ],
)
async def test_impossible_notes_are_refused(
    client: httpx.AsyncClient, clara: dict[str, str], changes: Body, field: str | None
) -> None:
    song = await imported(client, clara)
    answer = await save(client, song, clara, edited(await read(client, song, clara), **changes))
    if field is None:
        assert answer.status_code in (200, 201)
        return
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    assert (await client.get(f"/api/v1/songs/{song}", headers=clara)).json()["current_version"] == 1


async def test_earlier_versions_are_the_owners_only(
    client: httpx.AsyncClient, clara: dict[str, str], token_issuer: TokenIssuer
) -> None:
    song = await imported(client, clara)
    notes = await read(client, song, clara)
    await save(client, song, clara, edited(notes, notes=notes["notes"][:2]))
    await client.patch(f"/api/v1/songs/{song}", json={"visibility": "public"}, headers=clara)
    robert = token_issuer.headers("robert", "Robert")
    assert len((await read(client, song, robert))["notes"]) == 2
    preview = await client.post(f"/api/v1/songs/{song}/preview", json=edited(await read(client, song, robert)))
    assert len(read_midi(base64.b64decode(preview.json()["midi"])).notes) == 2
    for answer in (
        await client.get(f"/api/v1/songs/{song}/notes", params={"version": 1}, headers=robert),
        await client.get(f"/api/v1/songs/{song}/versions", headers=robert),
        await client.get(f"/api/v1/songs/{song}/versions/1/midi", headers=robert),
        await client.post(f"/api/v1/songs/{song}/versions/1/restore", headers=robert),
        await client.post(f"/api/v1/songs/{song}/preview", json=edited(notes), headers=robert),
        await save(client, song, robert, edited(notes)),
    ):
        assert answer.status_code == 404, answer.text
    missing = await client.get(f"/api/v1/songs/{song}/versions/9/midi", headers=clara)
    assert missing.json()["type"] == "/problems/version-not-found"


async def test_files_of_versions_are_counted_exported_and_removed_with_their_song(
    client: httpx.AsyncClient, clara: dict[str, str], app: FastAPI, object_store: ObjectStore
) -> None:
    song = await imported(client, clara)
    before = (await client.get("/api/v1/library/usage", headers=clara)).json()["size_bytes"]
    notes = await read(client, song, clara)
    saved = (await save(client, song, clara, edited(notes, notes=notes["notes"][:2]))).json()["version"]
    usage = (await client.get("/api/v1/library/usage", headers=clara)).json()
    assert (usage["songs"], usage["size_bytes"]) == (1, before + saved["midi_size_bytes"])
    # The version in the middle is known to the history only.
    await save(client, song, clara, edited(notes, base_number=2, source_number=1, notes=notes["notes"][:1]))
    archive = zipfile.ZipFile(io.BytesIO((await client.get("/api/v1/library/export", headers=clara)).content))
    assert {"songs/00001-minuet.mid", "songs/00001-minuet.v1.mid", "songs/00001-minuet.v2.mid"} <= set(
        archive.namelist()
    )
    listed = (await client.get(f"/api/v1/songs/{song}/versions", headers=clara)).json()["items"]
    keys = [f"midi/{each['midi_sha256']}.mid" for each in listed]
    # A peer that offers the objects for removal learns that versions have them.
    assert await app.state.erasure.remove_unused(keys) == []
    await client.delete(f"/api/v1/songs/{song}", params={"permanent": True}, headers=clara)
    _, done = await app.state.erasure.delete_user("clara")
    assert done
    assert [await object_store.head(key) for key in keys] == [None, None, None]


async def test_a_guests_versions_move_to_the_account(
    client: httpx.AsyncClient, clara: dict[str, str], library: Any, auth_peer: list[tuple[str, str]],
    token_issuer: TokenIssuer,
) -> None:  # fmt: skip
    song = await imported(client, clara)
    notes = await read(client, song, clara)
    await save(client, song, clara, edited(notes, notes=notes["notes"][:2]))
    before = (await client.get("/api/v1/library/usage", headers=clara)).json()
    transfer = pb.TransferSongsRequest(from_listener_id="clara", to_listener_id="robert", author="Robert")
    await library.TransferSongs(transfer, metadata=auth_peer)
    robert = token_issuer.headers("robert", "Robert")
    listed = (await client.get(f"/api/v1/songs/{song}/versions", headers=robert)).json()["items"]
    assert [each["number"] for each in listed] == [2, 1]
    assert (await client.get("/api/v1/library/usage", headers=robert)).json() == before


async def test_a_full_library_keeps_the_version_that_it_has(
    client: httpx.AsyncClient, clara: dict[str, str], app: FastAPI
) -> None:
    song = await imported(client, clara)
    notes = await read(client, song, clara)
    editor = app.state.version_editor
    limit = dataclasses.replace(editor._quotas.registered, size_bytes=1)
    editor._quotas = dataclasses.replace(editor._quotas, registered=limit)
    answer = await save(client, song, clara, edited(notes, notes=notes["notes"][:2]))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/storage-full")
    assert (await client.get(f"/api/v1/songs/{song}", headers=clara)).json()["current_version"] == 1


async def test_a_song_has_a_limited_number_of_versions(
    client: httpx.AsyncClient, clara: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version_services, "MAX_VERSIONS", 2)
    song = await imported(client, clara)
    notes = await read(client, song, clara)
    statuses = [(await save(client, song, clara, edited(notes, notes=notes["notes"][:n]))).status_code for n in (1, 2)]
    assert statuses == [201, 409]
