"""A listener's way: register, compose, follow, find, hear; and the same without an account."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

pytestmark = pytest.mark.e2e


def events_of(answer: httpx.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, id and data of each event in the answer."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields["event"], fields["id"], json.loads(fields["data"])
            fields = {}


def decoded(audio: bytes) -> tuple[float, float]:
    """Duration in seconds and RMS (full scale is 1) of an audio file."""
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "f32le", "-ac", "1", "-ar", "44100", "pipe:1"]
    pcm = subprocess.run(command, input=audio, capture_output=True, check=True).stdout
    samples = np.frombuffer(pcm, dtype=np.float32)
    return len(samples) / 44_100, float(np.sqrt(np.mean(samples**2)))


def assert_music(audio: bytes, seconds: float) -> None:
    duration, rms = decoded(audio)
    # The last note rings on after its end, and the reverb after that.
    assert seconds - 0.2 <= duration <= seconds + 6
    assert rms > 0.002


def composed(client: httpx.Client, **wish: Any) -> dict[str, Any]:
    answer = client.post("/generations", json=wish, headers={"Prefer": "wait=60"})
    assert answer.status_code == 200, answer.text
    generation: dict[str, Any] = answer.json()
    assert generation["status"] == "succeeded"
    return generation


def test_a_piece_from_the_order_to_the_mp3(listener: httpx.Client) -> None:
    ordered = listener.post("/generations", json={"length": 100, "seed": 7, "title": "Dämmerung [I]"})
    assert ordered.status_code == 202
    place = ordered.headers["location"].removeprefix("/api/v1")

    with listener.stream("GET", f"{place}/events") as stream:
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

    (song,) = listener.get("/songs").json()["items"]
    assert (song["id"], song["title"], song["seed"]) == (generation["song_id"], "Dämmerung [I]", 7)
    assert listener.get("/songs", params={"q": "dammer"}).json()["items"] == [song]
    assert listener.get("/songs", params={"q": "noon"}).json()["items"] == []

    midi = listener.get(f"/songs/{song['id']}/midi")
    assert midi.headers["content-type"] == "audio/midi"
    assert midi.content == listener.get(f"{place}/midi").content
    assert midi.content.startswith(b"MThd")
    for extension, magic in (("mp3", (b"ID3", b"\xff\xfb")), ("flac", (b"fLaC",)), ("wav", (b"RIFF",))):
        audio = listener.get(f"/audio/{song['id']}.{extension}")
        assert audio.status_code == 200
        assert audio.content.startswith(magic)
        assert_music(audio.content, song["duration_seconds"])
    part = listener.get(f"/audio/{song['id']}.mp3", headers={"Range": "bytes=0-99"})
    assert (part.status_code, len(part.content)) == (206, 100)


def test_a_stream_is_resumed_after_the_last_event(listener: httpx.Client) -> None:
    place = f"/generations/{composed(listener, length=100)['id']}/events"
    with listener.stream("GET", place) as stream:
        seen = list(events_of(stream))
    with listener.stream("GET", place, headers={"Last-Event-ID": seen[0][1]}) as stream:
        assert list(events_of(stream)) == seen[1:]


def test_the_same_seed_gives_the_same_bytes_to_everyone(listener: httpx.Client, anonymous: httpx.Client) -> None:
    pieces = []
    for client in (listener, anonymous, anonymous):
        generation = composed(client, length=60, seed=2026)
        pieces.append(client.get(f"/generations/{generation['id']}/midi").content)
    assert pieces[0] == pieces[1] == pieces[2]
    other = composed(anonymous, length=60, seed=2027)
    assert anonymous.get(f"/generations/{other['id']}/midi").content != pieces[0]


def test_without_an_account_there_is_music_but_no_library(anonymous: httpx.Client) -> None:
    generation = composed(anonymous, length=60)
    assert generation["song_id"] is None
    midi = anonymous.get(f"/generations/{generation['id']}/midi").content
    audio = anonymous.post("/conversions", files={"file": ("a.mid", midi, "audio/midi")}, data={"format": "mp3"})
    assert audio.status_code == 200
    assert_music(audio.content, generation["duration_seconds"])
    assert anonymous.get("/songs").status_code == 401


def test_a_song_is_nobody_elses(listener: httpx.Client, product: Any) -> None:
    song = composed(listener, length=60)["song_id"]
    with product.listener() as other, product.client() as nobody:
        for path in (f"/songs/{song}", f"/songs/{song}/midi", f"/audio/{song}.mp3"):
            assert other.get(path).status_code == 404
            assert nobody.get(path).status_code in (401, 404)
            assert listener.get(path).status_code == 200
        assert other.delete(f"/songs/{song}").status_code == 404
        assert other.get("/songs").json()["items"] == []


def test_renaming_and_deleting(listener: httpx.Client) -> None:
    song = composed(listener, length=60)["song_id"]
    assert listener.patch(f"/songs/{song}", json={"title": "Later"}).json()["title"] == "Later"
    assert listener.get("/songs").json()["items"][0]["title"] == "Later"
    assert listener.delete(f"/songs/{song}").status_code == 204
    assert listener.get(f"/songs/{song}").status_code == 404
    assert listener.get(f"/audio/{song}.mp3").status_code == 404


def test_a_generation_can_be_cancelled(listener: httpx.Client, longest: int) -> None:
    ordered = [listener.post("/generations", json={"length": longest}).json() for _ in range(30)]
    last = ordered[-1]["id"]
    cancelled = listener.delete(f"/generations/{last}")
    assert cancelled.status_code in (200, 202)
    with listener.stream("GET", f"/generations/{last}/events") as stream:
        *_, (name, _, end) = events_of(stream)
    # It may have been done already: the answer tells.
    assert name in ("cancelled", "done")
    assert (end["song_id"] is None) == (name == "cancelled")
