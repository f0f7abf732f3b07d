"""Fixtures of the generator's tests: a real app on real PostgreSQL and S3, and a library that keeps what it is told."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceServicer, add_LibraryServiceServicer_to_server
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_service_kit.errors import NotFound, Unavailable
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_service_kit.tokens import SERVICE, RemoteKeys, TokenVerifier
from euterpe_test_kit.databases import DatabaseFactory
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from pydantic import SecretStr

SERVICE_DIRECTORY = Path(__file__).parents[1]
TINY_MODELS = SERVICE_DIRECTORY.parents[1] / "packages/music/tests/data"


class LibraryDouble(LibraryServiceServicer):
    """Stands in for the library at its contract: idempotent on source_id, behind a service token."""

    def __init__(self) -> None:
        self.songs: dict[str, pb.RegisterSongRequest] = {}
        self.ids: dict[str, str] = {}
        self.calls = 0
        self.failing = 0
        self.deleted: set[str] = set()
        #: Songs that can be read: (song, listener) → the key of its object.
        self.readable: dict[tuple[str, str], str] = {}
        self.target = ""

    async def ResolveArtifact(self, request: pb.ResolveArtifactRequest, context: object) -> pb.ResolveArtifactResponse:
        key = self.readable.get((request.song_id, request.listener_id))
        if key is None:
            raise NotFound("There is no song with this id.")
        return pb.ResolveArtifactResponse(midi=pb.MidiArtifact(key=key))

    async def RegisterSongs(self, request: pb.RegisterSongsRequest, context: object) -> pb.RegisterSongsResponse:
        self.calls += 1
        if self.failing:
            self.failing -= 1
            raise Unavailable("The library was told to be away.")
        return pb.RegisterSongsResponse(songs=[self._register(song) for song in request.songs])

    def _register(self, song: pb.RegisterSongRequest) -> pb.RegisteredSong:
        if song.owner_id in self.deleted:
            return pb.RegisteredSong(refusal="The listener's account was deleted; nothing can be kept for it.")
        created = song.source_id not in self.songs
        if created:
            self.songs[song.source_id] = song
            self.ids[song.source_id] = str(uuid.uuid4())
        return pb.RegisteredSong(song_id=self.ids[song.source_id], created=created)


@pytest.fixture
def database_url(databases: DatabaseFactory) -> str:
    """A fresh database with the generator's schema."""
    return databases.create(SERVICE_DIRECTORY, url_variable="EUTERPE_GENERATOR_DATABASE_URL")


@pytest.fixture
async def library(token_issuer: TokenIssuer) -> AsyncIterator[LibraryDouble]:
    """A library that runs."""
    async with httpx.AsyncClient() as http:
        server = RpcServer(TokenVerifier(RemoteKeys(token_issuer.jwks_url, http), SERVICE))
        double = LibraryDouble()
        add_LibraryServiceServicer_to_server(double, server.server)
        double.target = f"127.0.0.1:{await server.start('127.0.0.1', 0)}"
        yield double
        await server.stop(0)


@pytest.fixture
def settings(
    database_url: str, object_store_settings: ObjectStoreSettings, token_issuer: TokenIssuer, library: LibraryDouble
) -> Settings:
    """Settings of a generator with the tiny model."""
    return Settings(
        database_url=SecretStr(database_url),
        s3=object_store_settings,
        jwks_url=token_issuer.jwks_url,
        peer=token_issuer.peer,
        library_target=library.target,
        models_url=str(TINY_MODELS),
        shutdown_grace_seconds=3,
    )


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a generator that runs."""
    async with running_client(create_app(settings)) as client:
        yield client
