"""Audio that leaves while it is made: the first request may seek, nobody waits for the end, nothing is half there."""

import asyncio
import uuid

import httpx
import pytest
from euterpe_converter.app import create_app
from euterpe_converter.domain.audio import AudioFormat, Tags, Wish, choose_encoding
from euterpe_converter.domain.requester import Listener
from euterpe_test_kit.fixtures import running_client

URL = "/api/v1/conversions"


def _length(answer: httpx.Response) -> int:
    return int(answer.headers["content-length"])


@pytest.mark.parametrize("kind", ["mp3", "wav", "opus"])
async def test_length_and_parts_are_right_before_anything_is_rendered(client, add_song, token_issuer, kind):
    song, headers = await add_song(), token_issuer.headers("alice")
    url = f"/api/v1/audio/{song}.{kind}"
    head = await client.head(url, headers=headers)
    assert float(head.headers["x-content-duration"]) == pytest.approx(5.0)
    end = await client.get(url, headers=headers | {"Range": "bytes=-1000"})
    assert end.status_code == 206
    whole = await client.get(url, headers=headers)
    assert _length(head) == _length(whole) == len(whole.content)
    size = len(whole.content)
    assert end.headers["content-range"] == f"bytes {size - 1000}-{size - 1}/{size}"
    assert end.content == whole.content[-1000:]


@pytest.mark.parametrize(("kind", "query"), [("flac", ""), ("mp3", "?vbr=2")])
async def test_formats_of_unknown_length_say_so_and_serve_parts(client, add_song, token_issuer, kind, query):
    song, headers = await add_song(), token_issuer.headers("alice")
    url = f"/api/v1/audio/{song}.{kind}{query}"
    head = await client.head(url, headers=headers)
    assert "content-length" not in head.headers
    assert float(head.headers["x-content-duration"]) == pytest.approx(5.0)
    first = await client.get(url, headers=headers | {"Range": "bytes=0-99"})
    assert first.status_code == 206
    assert first.headers["content-range"].startswith("bytes 0-99/")
    # What players begin with; a server may answer it with the whole.
    opened = await client.get(url, headers=headers | {"Range": "bytes=0-"})
    whole = await client.get(url, headers=headers)
    late = await client.get(url, headers=headers | {"Range": "bytes=5000-5999"})
    assert opened.content == whole.content
    assert _length(whole) == len(whole.content)
    assert late.headers["content-range"] == f"bytes 5000-5999/{len(whole.content)}"
    assert (first.content, late.content) == (whole.content[:100], whole.content[5000:6000])
    beyond = await client.get(url, headers=headers | {"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


async def test_sound_leaves_while_it_is_synthesised(app, client, add_song, make_midi, token_issuer):
    song = await add_song(midi=make_midi(600, 20))
    audio = app.state.audio
    rendition = await audio.of_song(uuid.UUID(song), Wish(choose_encoding(AudioFormat.WAV)), Listener("alice"))
    await rendition.begin()
    chunks = rendition.read()
    first = await anext(chunks)
    assert first.startswith(b"RIFF")
    second = await anext(chunks)
    assert second
    running = app.state.registry.get_sample_value("euterpe_converter_renders_running")
    assert running == 1.0
    await chunks.aclose()
    await rendition.close()


async def test_nothing_is_in_the_store_before_all_is(app, client, add_song, make_midi, token_issuer, object_store):
    song, headers = await add_song(midi=make_midi(300, 10)), token_issuer.headers("alice")
    before = await object_store.list("audio/")
    asking = asyncio.create_task(client.get(f"/api/v1/audio/{song}.wav", headers=headers))
    seen: set[str] = set()
    while not asking.done():
        for entry in await object_store.entries("audio/"):
            if entry.key not in before:
                seen.add(entry.key)
                assert entry.size_bytes == 302 * 44_100 * 4
        await asyncio.sleep(0.01)
    assert asking.result().status_code == 200
    assert await object_store.open_uploads("audio/") == []


async def test_one_whose_listener_left_early_leaves_nothing(make_settings, add_song, make_midi, object_store, renders):
    app = create_app(make_settings(linger_seconds=0))
    async with running_client(app):
        song = await add_song(midi=make_midi(1000, 30))
        wish = Wish(choose_encoding(AudioFormat.WAV))
        rendition = await app.state.audio.of_song(uuid.UUID(song), wish, Listener("alice"))
        await rendition.begin()
        # Far enough that parts have been uploaded.
        await rendition.reaches(20_000_000)
        await rendition.close()
        async with asyncio.timeout(20):
            while app.state.registry.get_sample_value("euterpe_converter_renders_running"):
                await asyncio.sleep(0.01)
        assert await object_store.head(rendition.key) is None
        assert await object_store.open_uploads("audio/") == []


async def test_a_listener_who_falls_behind_still_gets_every_byte(make_settings, make_midi, app, client):
    midi = make_midi(60, 5)
    small = create_app(make_settings(window_bytes=1024 * 1024))
    async with running_client(small):
        wish = Wish(choose_encoding(AudioFormat.WAV))
        rendition = await small.state.audio.of_midi(midi, wish, Tags())
        await rendition.begin()
        chunks = rendition.read()
        parts = [await anext(chunks), await anext(chunks)]
        # The rest has gone by when it reads on.
        await rendition.finished()
        parts += [chunk async for chunk in chunks]
        await rendition.close()
    whole = await client.post(URL, files={"file": ("a.mid", midi)}, data={"format": "wav", "title": "x"})
    slow = b"".join(parts)
    assert slow[slow.index(b"data") :] == whole.content[whole.content.index(b"data") :]


async def test_what_another_process_evicted_is_rendered_again(client, add_song, token_issuer, object_store, rendered):
    song, headers = await add_song(), token_issuer.headers("alice")
    url = f"/api/v1/audio/{song}.mp3"
    before = set(await object_store.list("audio/"))
    first = await client.get(url, headers=headers)
    [key] = set(await object_store.list("audio/")) - before
    await object_store.delete(key)
    again = await client.get(url, headers=headers)
    assert again.content == first.content
