"""The running library with PostgreSQL and S3, and songs registered as the generator does."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_library.app import create_app
from euterpe_library.settings import Settings
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_test_kit.databases import DatabaseFactory
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from google.protobuf.struct_pb2 import Struct
from pydantic import SecretStr

MIDI = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk\x00\x00\x00\x04\x00\xff\x2f\x00" + bytes(range(200))
Register = Callable[..., Awaitable[str]]
MakeRequest = Callable[..., pb.RegisterSongRequest]
RegisterOne = Callable[[pb.RegisterSongRequest], Awaitable[pb.RegisteredSong]]


@pytest.fixture
def settings(
    databases: DatabaseFactory,
    repository_root: Path,
    object_store_settings: ObjectStoreSettings,
    token_issuer: TokenIssuer,
) -> Settings:
    url = databases.create(repository_root / "services/library", url_variable="EUTERPE_LIBRARY_DATABASE_URL")
    return Settings(database_url=SecretStr(url), s3=object_store_settings, jwks_url=token_issuer.jwks_url, grpc_port=0)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with running_client(app) as client:
        yield client


@pytest_asyncio.fixture
async def library(app: FastAPI, client: httpx.AsyncClient) -> AsyncIterator[LibraryServiceStub]:
    """A gRPC stub of the running app, without credentials."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{app.state.grpc_port}") as channel:
        yield LibraryServiceStub(channel)


@pytest.fixture
def peer(token_issuer: TokenIssuer) -> list[tuple[str, str]]:
    """The metadata of the generator, which may register and resolve songs."""
    return [("authorization", f"Bearer {token_issuer.service_token('generator')}")]


@pytest.fixture
def auth_peer(token_issuer: TokenIssuer) -> list[tuple[str, str]]:
    """The metadata of auth, which may transfer and delete."""
    return [("authorization", f"Bearer {token_issuer.service_token('auth')}")]


@pytest.fixture
def make_request() -> MakeRequest:
    """Make a complete request; `changes` replace its fields."""

    def make(**changes: Any) -> pb.RegisterSongRequest:
        sha256 = hashlib.sha256(MIDI).hexdigest()
        parameters = Struct()
        parameters.update({"length": 100, "temperature": 0.5})
        values: dict[str, Any] = {
            "source_id": uuid.uuid4().hex,
            "owner_id": "clara",
            "author": "Clara",
            "title": "Nocturne",
            "midi": pb.MidiArtifact(key=f"midi/{sha256}.mid", sha256=sha256, size_bytes=len(MIDI)),
            "creation": pb.Creation(model="crnngan-classical", model_version="1.0.0", seed=42, parameters=parameters),
            "duration_seconds": 12.5,
            "note_count": 100,
            "measures": {"scale_score": 0.875},
        }
        return pb.RegisterSongRequest(**(values | changes))

    return make


@pytest.fixture
def register_one(library: LibraryServiceStub, peer: list[tuple[str, str]]) -> RegisterOne:
    """Register one song; return its id, or why it was refused."""

    async def call(request: pb.RegisterSongRequest) -> pb.RegisteredSong:
        answer = await library.RegisterSongs(pb.RegisterSongsRequest(songs=[request]), metadata=peer)
        (registered,) = answer.songs
        return registered

    return call


@pytest_asyncio.fixture
async def register(register_one: RegisterOne, make_request: MakeRequest, object_store: ObjectStore) -> Register:
    """Store a MIDI object and register a song with it, as the generator does; return the song's id."""

    async def call(**changes: Any) -> str:
        request = make_request(**changes)
        await object_store.put(request.midi.key, MIDI, content_type="audio/midi")
        registered = await register_one(request)
        assert registered.song_id, registered.refusal
        return str(registered.song_id)

    return call
