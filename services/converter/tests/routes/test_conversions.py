"""Uploads: conversion, limits and errors."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from euterpe_converter.app import create_app
from euterpe_test_kit.fixtures import running_client

URL = "/api/v1/conversions"


def _upload(midi: bytes, name: str = "song.mid") -> dict[str, tuple[str, bytes, str]]:
    return {"file": (name, midi, "audio/midi")}


async def test_an_upload_is_converted_to_mp3_named_after_it(client, make_midi, decode):
    answer = await client.post(URL, files=_upload(make_midi(3), "Für Elise.mid"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/mpeg"
    assert "filename*=UTF-8''F%C3%BCr%20Elise.mp3" in answer.headers["content-disposition"]
    sound = decode(answer.content)
    assert sound.seconds == pytest.approx(5.0, abs=0.06)
    assert sound.rms(0, 3) > 100


async def test_the_format_is_selectable(client, make_midi, decode):
    answer = await client.post(URL, files=_upload(make_midi()), data={"format": "flac"})
    assert answer.headers["content-type"] == "audio/flac"
    assert decode(answer.content).rms() > 50


async def test_the_same_file_is_rendered_once(client, make_midi, rendered):
    midi = make_midi()
    first = await client.post(URL, files=_upload(midi))
    second = await client.post(URL, files=_upload(midi, "other name.mid"))
    # They differ in the title tag.
    assert first.content[-60_000:] == second.content[-60_000:]
    assert b"other name" in second.content[:200]
    assert rendered() == 1


async def test_an_upload_and_a_song_with_the_same_midi_share_audio(client, make_midi, add_song, token_issuer, rendered):
    midi = make_midi()
    song = await add_song(midi=midi)
    converted = await client.post(URL, files=_upload(midi))
    played = await client.get(f"/api/v1/audio/{song}.mp3", headers=token_issuer.headers("alice"))
    assert converted.content[-60_000:] == played.content[-60_000:]
    assert rendered() == 1


async def test_a_file_that_is_not_midi_is_refused(client, make_midi, rendered):
    good = make_midi()
    for bad in (b"", b"hello", b"RIFF" + bytes(100), good[: len(good) // 2], good[:14]):
        answer = await client.post(URL, files=_upload(bad))
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert error["field"] == "body.file"
        assert error["message"]
    assert rendered() == 0
    assert rendered("failed") == 0


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"max_duration_seconds": 10.0}, {"max_seconds": 10.0}),
        ({"max_notes": 20}, {"max_notes": 20}),
    ],
)
async def test_music_over_a_limit_is_refused_with_the_limit(make_settings, make_midi, changes, limit):
    async with running_client(create_app(make_settings(**changes))) as client:
        answer = await client.post(URL, files=_upload(make_midi(30)))
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["field"], error["limits"]) == ("body.file", limit)
        assert (await client.post(URL, files=_upload(make_midi(5)))).status_code == 200


async def test_an_oversized_upload_is_refused_before_it_is_read(client):
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(50):
            sent += 1
            yield bytes(1024 * 1024)

    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(50 * 1024 * 1024)}
    answer = await client.post(URL, content=body(), headers=headers)
    assert answer.status_code == 413
    assert str(10 * 1024 * 1024 + 64 * 1024) in answer.json()["detail"]
    assert sent <= 1, "at most a mebibyte is read, so that the response arrives before the connection closes"


async def test_an_oversized_upload_of_unknown_length_is_refused(client):
    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mid"\r\n\r\n'
        for _ in range(50):
            yield bytes(1024 * 1024)

    answer = await client.post(URL, content=body(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 413


async def test_a_file_just_over_the_limit_is_refused(client):
    answer = await client.post(URL, files=_upload(b"MThd" + bytes(10 * 1024 * 1024)))
    assert answer.status_code == 413
    assert "body.file" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("files", "data", "field"),
    [
        (True, {"format": "aac"}, "body.format"),
        (True, {"quality": "best"}, "body.quality"),
        (False, {"format": "mp3"}, "body.file"),
        (False, {"file": "text instead of a file"}, "body.file"),
    ],
)
async def test_an_invalid_form_field_is_named(client, make_midi, files, data, field):
    given = _upload(make_midi()) if files else {"nothing": (None, b"")}
    answer = await client.post(URL, files=given, data=data)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_a_full_queue_is_503_with_retry_after(make_settings, make_midi, app):
    async with running_client(create_app(make_settings(workers=1, queue_limit=1))) as client:
        # Different pieces, so that no render is shared.
        posts = [asyncio.create_task(client.post(URL, files=_upload(make_midi(60, 20)))) for _ in range(4)]
        answers = await asyncio.gather(*posts)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503]
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.json()["type"] == "/problems/render-queue-full"
    assert int(refused.headers["retry-after"]) > 0


async def test_one_principal_has_a_limit_of_renders_and_others_are_served(make_settings, make_midi, token_issuer):
    settings = make_settings(workers=1, queue_limit=6, renders_per_principal=2)
    async with running_client(create_app(settings)) as client:
        posts = [asyncio.create_task(client.post(URL, files=_upload(make_midi(60, 20)))) for _ in range(3)]
        await asyncio.sleep(0.2)
        headers = token_issuer.headers("anna")
        other = await client.post(URL, files=_upload(make_midi(2, 2)), headers=headers)
        answers = await asyncio.gather(*posts)
    assert other.status_code == 200
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["type"] == "/problems/too-many-renders"
    assert int(refused.headers["retry-after"]) > 0


async def test_renders_of_a_network_have_a_budget_and_the_cache_is_free(make_settings, make_midi, token_issuer):
    midi, wav, loud = make_midi(5, 2), {"format": "wav"}, {"format": "wav", "gain": "1"}
    settings = make_settings(anonymous_bytes_per_hour=100_000, registered_bytes_per_hour=10_000_000)
    async with running_client(create_app(settings)) as client:
        rendered = await client.post(URL, files=_upload(midi), data=wav)
        assert rendered.status_code == 200
        assert '"audio";q=100000;qu="content-bytes";w=3600' in rendered.headers["RateLimit-Policy"]
        refused = await client.post(URL, files=_upload(midi), data=loud)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/render-budget-reached")
        assert int(refused.headers["retry-after"]) > 60
        assert refused.json()["limits"] == {"size_bytes": 100_000}
        assert '"audio";r=0;t=' in refused.headers["RateLimit"]
        assert (await client.post(URL, files=_upload(midi), data=wav)).status_code == 200
        headers = token_issuer.headers("anna")
        audio = await client.post(URL, files=_upload(midi), data=loud, headers=headers)
        assert audio.status_code == 200
        usage = await client.get("/api/v1/audio/usage", headers=headers)
        # The budget recovers while the requests are made.
        assert 0.9 * len(audio.content) < usage.json()["size_bytes"] <= len(audio.content)
        assert (usage.json()["max_size_bytes"], usage.json()["max_renders"]) == (10_000_000, 8)
        assert '"audio";r=' in usage.headers["RateLimit"]
        assert (await client.get("/api/v1/audio/usage")).status_code == 401
