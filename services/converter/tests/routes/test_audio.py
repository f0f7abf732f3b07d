"""Songs as audio: content, caching, ranges and access."""

import asyncio
import hashlib
import struct
import uuid

import pytest
from euterpe_converter.app import create_app
from euterpe_test_kit.fixtures import running_client


async def test_the_duration_is_that_of_the_music_and_the_tail(client, add_song, make_midi, token_issuer, decode):
    song = await add_song(midi=make_midi(4.0))
    answer = await client.get(f"/api/v1/audio/{song}.mp3", headers=token_issuer.headers("alice"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/mpeg"
    sound = decode(answer.content)
    assert sound.seconds == pytest.approx(4.0 + 2.0, abs=0.06)
    assert sound.rms(0, 4) > 100
    # The tail decays instead of being cut off.
    assert sound.rms(4.0, 4.5) > 0
    assert sound.rms(5.9, 6.0) < 5


@pytest.mark.parametrize(
    ("audio_format", "content_type", "magic"),
    [("wav", "audio/wav", b"RIFF"), ("mp3", "audio/mpeg", b"ID3"), ("flac", "audio/flac", b"fLaC")],
)
async def test_each_format_has_its_media_type_and_signature(
    client, add_song, token_issuer, decode, audio_format, content_type, magic
):
    song = await add_song()
    answer = await client.get(f"/api/v1/audio/{song}.{audio_format}", headers=token_issuer.headers("alice"))
    assert answer.headers["content-type"] == content_type
    assert answer.content.startswith(magic)
    sound = decode(answer.content)
    assert sound.seconds == pytest.approx(5.0, abs=0.06)
    assert sound.rms(0, 3) > 100


async def test_wav_and_flac_have_equal_samples(client, add_song, token_issuer, decode):
    song, headers = await add_song(), token_issuer.headers("alice")
    wav = (await client.get(f"/api/v1/audio/{song}.wav", headers=headers)).content
    flac = (await client.get(f"/api/v1/audio/{song}.flac", headers=headers)).content
    assert len(decode(wav).samples) == 5 * 44_100
    assert (decode(wav).samples == decode(flac).samples).all()
    # The header gives the exact duration.
    channels, rate, _, _, bits = struct.unpack("<HIIHH", wav[22:36])
    assert (channels, rate, bits) == (2, 44_100, 16)
    assert struct.unpack("<I", wav[4:8])[0] == len(wav) - 8
    data = wav.index(b"data")
    assert struct.unpack("<I", wav[data + 4 : data + 8])[0] == 5 * 44_100 * 4 == len(wav) - data - 8


async def test_a_second_request_is_served_from_the_cache(client, add_song, token_issuer, rendered):
    song, headers = await add_song(), token_issuer.headers("alice")
    first = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers)
    second = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers)
    assert rendered() == 1
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


async def test_equal_requests_at_once_render_once(client, add_song, make_midi, token_issuer, rendered):
    song, headers = await add_song(midi=make_midi(20)), token_issuer.headers("alice")
    answers = await asyncio.gather(*(client.get(f"/api/v1/audio/{song}.mp3", headers=headers) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.content for answer in answers}) == 1
    assert rendered() == 1


async def test_songs_with_the_same_midi_share_their_audio(client, add_song, make_midi, token_issuer, rendered):
    midi = make_midi()
    for owner in ("alice", "bob"):
        song = await add_song(owner, midi=midi)
        await client.get(f"/api/v1/audio/{song}.mp3", headers=token_issuer.headers(owner))
    assert rendered() == 1


async def test_ranges_of_a_song(client, add_song, token_issuer):
    song, headers = await add_song(), token_issuer.headers("alice")
    # Players may request a range first.
    part = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers | {"Range": "bytes=1000-1999"})
    whole = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers)
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.content)}"
    assert part.content == whole.content[1000:2000]
    beyond = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers | {"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(whole.content)}"


async def test_if_none_match_with_the_current_tag_is_304(client, add_song, token_issuer):
    song, headers = await add_song(), token_issuer.headers("alice")
    first = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers)
    again = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers | {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_head_returns_the_size(client, add_song, token_issuer):
    song, headers = await add_song(), token_issuer.headers("alice")
    head = await client.head(f"/api/v1/audio/{song}.mp3", headers=headers)
    whole = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers)
    assert head.status_code == 200
    assert head.content == b""
    assert int(head.headers["content-length"]) == len(whole.content)


async def test_the_file_is_named_after_the_title(client, add_song, token_issuer):
    song, headers = await add_song(title='Étude "No. 1"'), token_issuer.headers("alice")
    played = await client.get(f"/api/v1/audio/{song}.mp3", headers=headers)
    saved = await client.get(f"/api/v1/audio/{song}.mp3?download=1", headers=headers)
    assert played.headers["content-disposition"].startswith("inline;")
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%C3%89tude%20_No.%201_.mp3" in saved.headers["content-disposition"]


async def test_songs_of_other_users_look_like_missing_ones(client, add_song, token_issuer):
    theirs, headers = await add_song("bob"), token_issuer.headers("alice")
    answers = [
        await client.get(f"/api/v1/audio/{theirs}.mp3", headers=headers),
        await client.get(f"/api/v1/audio/{uuid.uuid4()}.mp3", headers=headers),
        await client.get(f"/api/v1/audio/{theirs}.mp3"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_public_songs_need_no_login(client, add_song):
    song = await add_song("bob", public=True)
    assert (await client.get(f"/api/v1/audio/{song}.mp3")).status_code == 200


async def test_a_bad_token_is_refused_even_for_public_songs(client, add_song, token_issuer):
    song = await add_song("bob", public=True)
    expired = token_issuer.access_token("bob", exp=1)
    for token in (expired, "forged", token_issuer.service_token()):
        answer = await client.get(f"/api/v1/audio/{song}.mp3", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "field"), [(f"{uuid.UUID(int=7)}.aac", "path.format"), ("not-an-id.mp3", "path.song_id")]
)
async def test_an_invalid_path_parameter_is_named(client, path, field):
    answer = await client.get(f"/api/v1/audio/{path}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_song_without_its_midi_object_is_404(client, add_song, make_midi, object_store, token_issuer):
    midi = make_midi()
    song = await add_song(midi=midi)
    await object_store.delete(f"midi/{hashlib.sha256(midi).hexdigest()}.mid")
    answer = await client.get(f"/api/v1/audio/{song}.mp3", headers=token_issuer.headers("alice"))
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/object-not-found"


async def test_an_unavailable_library_is_503_with_retry_after(make_settings, add_song, token_issuer):
    song = await add_song()
    async with running_client(create_app(make_settings(library_target="127.0.0.1:9"))) as client:
        answer = await client.get(f"/api/v1/audio/{song}.mp3", headers=token_issuer.headers("alice"))
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_the_seed_is_written_into_the_file(client, add_song, token_issuer):
    headers = token_issuer.headers("alice")
    composed, imported = await add_song(seed=2**53 - 1), await add_song(seed=None)
    first = await client.get(f"/api/v1/audio/{composed}.mp3", headers=headers)
    assert b"SEED\0009007199254740991" in first.content[:300]
    assert b"SEED" not in (await client.get(f"/api/v1/audio/{imported}.mp3", headers=headers)).content[:300]


async def test_a_share_link_allows_listening_and_download_if_permitted(client, add_song, library):
    song, other = await add_song(), await add_song()
    library.double.shares |= {"open": (song, True), "listen": (song, False)}
    url = f"/api/v1/audio/{song}.mp3"
    for token, download in (("open", 200), ("listen", 403)):
        played = await client.get(url, params={"share": token}, headers={"Range": "bytes=0-99"})
        assert (played.status_code, played.headers["cache-control"]) == (206, "no-store")
        downloaded = await client.get(url, params={"share": token, "download": "true"})
        assert downloaded.status_code == download, token
    assert downloaded.json()["type"] == "/problems/download-not-allowed"
    for token in ("", "forged", "x" * 200):
        assert (await client.get(url, params={"share": token})).status_code == 404
    assert (await client.get(f"/api/v1/audio/{other}.mp3?share=open")).status_code == 404


async def test_an_api_key_needs_the_scope_for_reading_songs(client, add_song, token_issuer):
    song = await add_song()
    for scope, status in (("songs:read", 200), ("generations:write", 403), ("", 403)):
        token = token_issuer.access_token("alice", scope=scope)
        answer = await client.get(f"/api/v1/audio/{song}.mp3", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status, scope
