"""The path of a user: register, compose, follow, find and play; and the same without an account."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

pytestmark = pytest.mark.e2e


def events_of(response: httpx.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, id and data of each event in a response."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields["event"], fields["id"], json.loads(fields["data"])
            fields = {}


def decoded(audio: bytes) -> tuple[float, float]:
    """Return duration in seconds and RMS (full scale is 1) of an audio file."""
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "f32le", "-ac", "1", "-ar", "44100", "pipe:1"]
    pcm = subprocess.run(command, input=audio, capture_output=True, check=True).stdout
    samples = np.frombuffer(pcm, dtype=np.float32)
    return len(samples) / 44_100, float(np.sqrt(np.mean(samples**2)))


def assert_music(audio: bytes, seconds: float) -> None:
    duration, rms = decoded(audio)
    # The release of the last note and the reverb follow its end.
    assert seconds - 0.2 <= duration <= seconds + 6
    assert rms > 0.002


def compose(client: httpx.Client, **request: Any) -> dict[str, Any]:
    response = client.post("/generations", json=request, headers={"Prefer": "wait=60"})
    assert response.status_code == 200, response.text
    generation: dict[str, Any] = response.json()
    assert generation["status"] == "succeeded"
    return generation


def test_piece_from_request_to_mp3(user: httpx.Client) -> None:
    accepted = user.post("/generations", json={"length": 100, "seed": 7, "title": "Dämmerung [I]"})
    assert accepted.status_code == 202
    location = accepted.headers["location"].removeprefix("/api/v1")

    with user.stream("GET", f"{location}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = list(events_of(stream))
    names, ids = [name for name, _, _ in events], [number for _, number, _ in events]
    assert names[-1] == "done"
    assert set(names) <= {"queued", "started", "progress", "notes", "done"}
    assert len(set(ids)) == len(ids)
    progress = [data["progress"] for name, _, data in events if name != "notes"]
    assert progress == sorted(progress)
    generation = events[-1][2]
    assert (generation["status"], generation["seed"], generation["length"]) == ("succeeded", 7, 100)

    (song,) = user.get("/songs").json()["items"]
    assert (song["id"], song["title"], song["seed"]) == (generation["song_id"], "Dämmerung [I]", 7)
    assert user.get("/songs", params={"q": "dammer"}).json()["items"] == [song]
    assert user.get("/songs", params={"q": "noon"}).json()["items"] == []

    midi = user.get(f"/songs/{song['id']}/midi")
    assert midi.headers["content-type"] == "audio/midi"
    assert midi.content == user.get(f"{location}/midi").content
    assert midi.content.startswith(b"MThd")
    for extension, magic in (("mp3", (b"ID3", b"\xff\xfb")), ("flac", (b"fLaC",)), ("wav", (b"RIFF",))):
        audio = user.get(f"/audio/{song['id']}.{extension}")
        assert audio.status_code == 200
        assert audio.content.startswith(magic)
        assert_music(audio.content, song["duration_seconds"])
    part = user.get(f"/audio/{song['id']}.mp3", headers={"Range": "bytes=0-99"})
    assert (part.status_code, len(part.content)) == (206, 100)


def test_stream_is_resumed_after_the_last_event(user: httpx.Client) -> None:
    location = f"/generations/{compose(user, length=100)['id']}/events"
    with user.stream("GET", location) as stream:
        seen = list(events_of(stream))
    with user.stream("GET", location, headers={"Last-Event-ID": seen[0][1]}) as stream:
        assert list(events_of(stream)) == seen[1:]


def test_same_seed_gives_the_same_bytes_to_all_users(user: httpx.Client, anonymous: httpx.Client) -> None:
    pieces = []
    for client in (user, anonymous, anonymous):
        generation = compose(client, length=60, seed=2026)
        pieces.append(client.get(f"/generations/{generation['id']}/midi").content)
    assert pieces[0] == pieces[1] == pieces[2]
    other = compose(anonymous, length=60, seed=2027)
    assert anonymous.get(f"/generations/{other['id']}/midi").content != pieces[0]


def test_anonymous_users_can_compose_but_have_no_library(anonymous: httpx.Client) -> None:
    generation = compose(anonymous, length=60)
    assert generation["song_id"] is None
    midi = anonymous.get(f"/generations/{generation['id']}/midi").content
    audio = anonymous.post("/conversions", files={"file": ("a.mid", midi, "audio/midi")}, data={"format": "mp3"})
    assert audio.status_code == 200
    assert_music(audio.content, generation["duration_seconds"])
    assert anonymous.get("/songs").status_code == 401


def test_song_is_private_to_its_owner(user: httpx.Client, product: Any) -> None:
    song = compose(user, length=60)["song_id"]
    with product.log_in_new_user() as other, product.client() as anonymous:
        for path in (f"/songs/{song}", f"/songs/{song}/midi", f"/audio/{song}.mp3"):
            assert other.get(path).status_code == 404
            assert anonymous.get(path).status_code in (401, 404)
            assert user.get(path).status_code == 200
        assert other.delete(f"/songs/{song}").status_code == 404
        assert other.get("/songs").json()["items"] == []


def test_rename_and_delete_a_song(user: httpx.Client) -> None:
    song = compose(user, length=60)["song_id"]
    assert user.patch(f"/songs/{song}", json={"title": "Later"}).json()["title"] == "Later"
    assert user.get("/songs").json()["items"][0]["title"] == "Later"
    assert user.delete(f"/songs/{song}").status_code == 204
    assert user.get(f"/songs/{song}").status_code == 404
    assert user.get(f"/audio/{song}.mp3").status_code == 404


def test_cancel_a_generation(user: httpx.Client, max_length: int) -> None:
    generations = [user.post("/generations", json={"length": max_length}).json() for _ in range(30)]
    last = generations[-1]["id"]
    cancelled = user.delete(f"/generations/{last}")
    assert cancelled.status_code in (200, 202)
    with user.stream("GET", f"/generations/{last}/events") as stream:
        *_, (name, _, end) = events_of(stream)
    # The generation may have finished before it was cancelled.
    assert name in ("cancelled", "done")
    assert (end["song_id"] is None) == (name == "cancelled")
