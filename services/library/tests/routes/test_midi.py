"""Downloading a song's MIDI through the service."""

import hashlib
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.issuer import TokenIssuer

Register = Any


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara")


async def test_the_file_is_complete_and_named_after_the_title(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register(title='Für "Elise" / 夜')
    song = (await client.get(f"/api/v1/songs/{song_id}", headers=clara)).json()
    answer = await client.get(f"/api/v1/songs/{song_id}/midi", headers=clara)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/midi"
    assert hashlib.sha256(answer.content).hexdigest() == song["midi_sha256"]
    assert answer.headers["etag"] == f'"{song["midi_sha256"]}"'
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert unquote(disposition.partition("filename*=UTF-8''")[2]) == "Für _Elise_ _ 夜.mid"


async def test_ranges_and_if_none_match(client: httpx.AsyncClient, register: Register, clara: dict[str, str]) -> None:
    url = f"/api/v1/songs/{await register()}/midi"
    whole = await client.get(url, headers=clara)
    part = await client.get(url, headers=clara | {"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, whole.content[4:10])
    unchanged = await client.get(url, headers=clara | {"If-None-Match": whole.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    outside = await client.get(url, headers=clara | {"Range": "bytes=9999-"})
    assert outside.status_code == 416
    assert outside.headers["content-range"] == f"bytes */{len(whole.content)}"


async def test_a_missing_object_is_a_404_with_its_own_type(
    client: httpx.AsyncClient, register: Register, object_store: ObjectStore, clara: dict[str, str]
) -> None:
    sha256 = hashlib.sha256(b"lost").hexdigest()
    key = f"midi/{sha256}.mid"
    song_id = await register(midi=pb.MidiArtifact(key=key, sha256=sha256, size_bytes=4))
    await object_store.delete(key)
    answer = await client.get(f"/api/v1/songs/{song_id}/midi", headers=clara)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/object-not-found")
    assert (await client.get(f"/api/v1/songs/{song_id}", headers=clara)).status_code == 200
