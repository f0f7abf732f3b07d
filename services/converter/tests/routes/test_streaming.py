"""Streaming while rendering: ranges, visibility in the object store, lagging and abandoned readers."""

import asyncio
import uuid

import httpx
import pytest
from euterpe_converter.app import create_app
from euterpe_converter.domain.audio import RenderOptions, Tags
from euterpe_converter.domain.formats import AudioFormat, choose_encoding
from euterpe_converter.domain.requester import Requester
from euterpe_test_kit.fixtures import running_client

URL = "/api/v1/conversions"


def _length(answer: httpx.Response) -> int:
    return int(answer.headers["content-length"])


@pytest.mark.parametrize("kind", ["mp3", "wav", "opus"])
async def test_length_and_ranges_are_exact_before_rendering(client, add_song, token_issuer, kind):
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
async def test_formats_of_unknown_length_omit_it_and_serve_ranges(client, add_song, token_issuer, kind, query):
    song, headers = await add_song(), token_issuer.headers("alice")
    url = f"/api/v1/audio/{song}.{kind}{query}"
    head = await client.head(url, headers=headers)
    assert "content-length" not in head.headers
    assert float(head.headers["x-content-duration"]) == pytest.approx(5.0)
    first = await client.get(url, headers=headers | {"Range": "bytes=0-99"})
    assert first.status_code == 206
    assert first.headers["content-range"].startswith("bytes 0-99/")
    # Players start with this range; a server may answer with the whole file.
    opened = await client.get(url, headers=headers | {"Range": "bytes=0-"})
    whole = await client.get(url, headers=headers)
    late = await client.get(url, headers=headers | {"Range": "bytes=5000-5999"})
    assert opened.content == whole.content
    assert _length(whole) == len(whole.content)
    assert late.headers["content-range"] == f"bytes 5000-5999/{len(whole.content)}"
    assert (first.content, late.content) == (whole.content[:100], whole.content[5000:6000])
    beyond = await client.get(url, headers=headers | {"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


async def test_audio_is_sent_while_it_is_synthesised(app, client, add_song, make_midi, token_issuer):
    song = await add_song(midi=make_midi(600, 20))
    audio = app.state.audio
    options = RenderOptions(choose_encoding(AudioFormat.WAV))
    rendition = await audio.for_song(uuid.UUID(song), options, Requester("alice"))
    await rendition.start()
    chunks = rendition.read()
    first = await anext(chunks)
    assert first.startswith(b"RIFF")
    second = await anext(chunks)
    assert second
    running = app.state.registry.get_sample_value("euterpe_converter_renders_running")
    assert running == 1.0
    await chunks.aclose()
    await rendition.close()


async def test_an_object_becomes_visible_when_complete(app, client, add_song, make_midi, token_issuer, object_store):
    song, headers = await add_song(midi=make_midi(300, 10)), token_issuer.headers("alice")
    before = await object_store.list("audio/")
    asking = asyncio.create_task(client.get(f"/api/v1/audio/{song}.wav", headers=headers))
    size_bytes, listings = 302 * 44_100 * 4, 0
    while not asking.done():
        sizes = [entry.size_bytes for entry in await object_store.entries("audio/") if entry.key not in before]
        assert sizes in ([], [size_bytes])
        listings += 1
        await asyncio.sleep(0.01)
    assert asking.result().status_code == 200
    assert listings > 1, "the store was not observed while rendering"
    new = [entry for entry in await object_store.entries("audio/") if entry.key not in before]
    assert [entry.size_bytes for entry in new] == [size_bytes]
    assert await object_store.open_uploads("audio/") == []


async def test_an_abandoned_render_leaves_no_object_and_no_upload(
    make_settings, add_song, make_midi, object_store, renders
):
    app = create_app(make_settings(linger_seconds=0))
    async with running_client(app):
        song = await add_song(midi=make_midi(1000, 30))
        options = RenderOptions(choose_encoding(AudioFormat.WAV))
        rendition = await app.state.audio.for_song(uuid.UUID(song), options, Requester("alice"))
        await rendition.start()
        # Far enough for parts to have been uploaded.
        await rendition.wait_for(20_000_000)
        await rendition.close()
        async with asyncio.timeout(20):
            while app.state.registry.get_sample_value("euterpe_converter_renders_running"):
                await asyncio.sleep(0.01)
        assert await object_store.head(rendition.key) is None
        assert await object_store.open_uploads("audio/") == []


async def test_a_lagging_reader_continues_from_the_object_store(make_settings, make_midi, app, client):
    midi = make_midi(60, 5)
    small = create_app(make_settings(window_bytes=1024 * 1024))
    async with running_client(small):
        options = RenderOptions(choose_encoding(AudioFormat.WAV))
        rendition = await small.state.audio.for_midi(midi, options, Tags(), Requester())
        await rendition.start()
        chunks = rendition.read()
        parts = [await anext(chunks), await anext(chunks)]
        # The rest has left the window when the reader continues.
        await rendition.wait_finished()
        parts += [chunk async for chunk in chunks]
        await rendition.close()
    whole = await client.post(URL, files={"file": ("a.mid", midi)}, data={"format": "wav", "title": "x"})
    slow = b"".join(parts)
    assert slow[slow.index(b"data") :] == whole.content[whole.content.index(b"data") :]


async def test_a_rendition_evicted_by_another_process_is_rendered_again(
    client, add_song, token_issuer, object_store, rendered
):
    song, headers = await add_song(), token_issuer.headers("alice")
    url = f"/api/v1/audio/{song}.mp3"
    before = set(await object_store.list("audio/"))
    first = await client.get(url, headers=headers)
    [key] = set(await object_store.list("audio/")) - before
    await object_store.delete(key)
    again = await client.get(url, headers=headers)
    assert again.content == first.content
