"""SoundFonts in the object store."""

import pytest
import pytest_asyncio
from euterpe_converter.app import create_app
from euterpe_converter.errors import UnknownSoundFont
from euterpe_converter.rendering.soundfont import SoundFontSource
from euterpe_converter.rendering.soundfont_store import SoundFontStore
from euterpe_test_kit.fixtures import running_client


def _font(title: bytes, size: int = 1000) -> bytes:
    info = b"INFO" + b"INAM" + len(title).to_bytes(4, "little") + title
    content = b"sfbk" + b"LIST" + len(info).to_bytes(4, "little") + info
    return (b"RIFF" + (size - 8).to_bytes(4, "little") + content).ljust(size, b"\0")


@pytest_asyncio.fixture
async def prefix(object_store):
    await object_store.put("fonts-test/Harp.sf2", _font(b"A harp"), content_type="audio/x-soundfont")
    await object_store.put("fonts-test/Harp.license", b"CC0-1.0\n", content_type="text/plain")
    await object_store.put("fonts-test/Lute.sf3", _font(b"A lute"), content_type="audio/x-soundfont")
    await object_store.put("fonts-test/readme.txt", b"not one", content_type="text/plain")
    yield "fonts-test/"
    for key in await object_store.list("fonts-test/"):
        await object_store.delete(key)


async def test_stored_soundfonts_are_listed_with_licences_and_fetched_by_name(object_store, prefix, tmp_path):
    (tmp_path / "local.sf2").write_bytes(_font(b"Local"))
    remote = SoundFontStore(object_store, prefix, tmp_path / "cache", max_bytes=10_000)
    source = SoundFontSource(tmp_path / "local.sf2", tmp_path, remote)
    entries = {entry.name: entry for entry in await source.entries()}
    assert [(entry.title, entry.licence) for entry in entries.values()] == [
        ("A harp", "CC0-1.0"),
        ("A lute", None),
        ("Local", None),
    ]
    assert not (tmp_path / "cache").exists(), "listing downloads nothing"
    harp = await source.named("Harp")
    assert harp.path.read_bytes() == _font(b"A harp")
    assert (await source.named("Harp")) == harp
    with pytest.raises(UnknownSoundFont, match="Harp, Lute, local"):
        await source.named("Zither")


async def test_downloads_are_bounded_and_the_latest_are_kept(object_store, prefix, tmp_path):
    remote = SoundFontStore(object_store, prefix, tmp_path, max_bytes=1500)
    harp = await remote.fetch("Harp")
    lute = await remote.fetch("Lute")
    assert (harp.exists(), lute.exists()) == (False, True)
    assert (await remote.fetch("Harp")).read_bytes() == _font(b"A harp")


async def test_a_stored_soundfont_renders_audio(make_settings, object_store, soundfont, make_midi, decode, tmp_path):
    key = "fonts-sound/Stored.sf2"
    await object_store.put(key, soundfont.read_bytes(), content_type="audio/x-soundfont")
    settings = make_settings(soundfonts_prefix="fonts-sound/", soundfonts_cache=tmp_path / "cache")
    async with running_client(create_app(settings)) as client:
        names = [item["name"] for item in (await client.get("/api/v1/soundfonts")).json()["soundfonts"]]
        assert "Stored" in names
        data = {"soundfont": "Stored", "format": "wav"}
        answer = await client.post("/api/v1/conversions", files={"file": ("a.mid", make_midi(1))}, data=data)
        assert answer.status_code == 200, answer.text
        assert decode(answer.content).rms() > 100
    await object_store.delete(key)
