"""The running library on real PostgreSQL and S3, with songs registered the way the generator does."""

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
    """The gRPC side of the running app, without any credential."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{app.state.grpc_port}") as channel:
        yield LibraryServiceStub(channel)


@pytest.fixture
def peer(token_issuer: TokenIssuer) -> list[tuple[str, str]]:
    """A peer's credential."""
    return [("authorization", f"Bearer {token_issuer.service_token()}")]


@pytest.fixture
def make_request() -> MakeRequest:
    """A complete request; `changes` replace its fields."""

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


@pytest_asyncio.fixture
async def register(
    library: LibraryServiceStub, peer: list[tuple[str, str]], make_request: MakeRequest, object_store: ObjectStore
) -> Register:
    """Stores a MIDI object and registers a song over it, as the generator does; returns the song's id."""

    async def call(**changes: Any) -> str:
        request = make_request(**changes)
        await object_store.put(request.midi.key, MIDI, content_type="audio/midi")
        answer = await library.RegisterSong(request, metadata=peer)
        return str(answer.song_id)

    return call
