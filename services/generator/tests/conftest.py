"""Fixtures: an app on real PostgreSQL and S3, a fake library and a manual clock."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
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


class FakeLibrary(LibraryServiceServicer):
    """A library in memory with the same contract: idempotent by source_id, requires a service token."""

    def __init__(self) -> None:
        self.songs: dict[str, pb.RegisterSongRequest] = {}
        self.ids: dict[str, str] = {}
        self.calls = 0
        self.failing = 0
        self.deleted: set[str] = set()
        #: Readable songs: (song id, user id) → key of the MIDI file.
        self.readable: dict[tuple[str, str], str] = {}
        self.target = ""
        #: User id → songs in a full library; objects that a song has; removed objects.
        self.full: dict[str, int] = {}
        self.used: set[str] = set()
        self.removed: list[str] = []
        self.modified_before: list[datetime] = []
        self.usage_calls = 0

    async def GetStorageUsage(self, request: pb.GetStorageUsageRequest, context: object) -> pb.GetStorageUsageResponse:
        self.usage_calls += 1
        if self.failing:
            raise Unavailable("The library is unavailable.")
        songs = self.full.get(request.listener_id, 0)
        return pb.GetStorageUsageResponse(
            songs=songs, size_bytes=songs, max_songs=songs or 1_000, max_size_bytes=1_000_000
        )

    async def RemoveUnusedArtifacts(
        self, request: pb.RemoveUnusedArtifactsRequest, context: object
    ) -> pb.RemoveUnusedArtifactsResponse:
        removed = [key for key in request.keys if key not in self.used]
        self.removed += removed
        self.modified_before.append(request.modified_before.ToDatetime(UTC))
        return pb.RemoveUnusedArtifactsResponse(removed=removed)

    async def ResolveArtifact(self, request: pb.ResolveArtifactRequest, context: object) -> pb.ResolveArtifactResponse:
        key = self.readable.get((request.song_id, request.listener_id))
        if key is None:
            raise NotFound("There is no song with this id.")
        return pb.ResolveArtifactResponse(midi=pb.MidiArtifact(key=key))

    async def RegisterSongs(self, request: pb.RegisterSongsRequest, context: object) -> pb.RegisterSongsResponse:
        self.calls += 1
        if self.failing:
            self.failing -= 1
            raise Unavailable("The library is unavailable.")
        return pb.RegisterSongsResponse(songs=[self._register(song) for song in request.songs])

    def _register(self, song: pb.RegisterSongRequest) -> pb.RegisteredSong:
        if song.owner_id in self.deleted:
            return pb.RegisteredSong(refusal="The account was deleted.")
        created = song.source_id not in self.songs
        if created:
            self.songs[song.source_id] = song
            self.ids[song.source_id] = str(uuid.uuid4())
        return pb.RegisteredSong(song_id=self.ids[song.source_id], created=created)


class ManualClock:
    """A clock that stands still until `advance`; see euterpe_generator.domain.clock.Clock."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []
        self._has_waiting = asyncio.Event()

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        await self._until(self._now + seconds)

    async def wait_for(self, event: asyncio.Event, timeout_seconds: float) -> bool:
        timeout = asyncio.ensure_future(self._until(self._now + timeout_seconds))
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait([timeout, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            timeout.cancel()
            waiting.cancel()
        return event.is_set()

    async def advance(self, seconds: float) -> None:
        """Wait until something waits for the time, then move it forward."""
        async with asyncio.timeout(10):
            await self._has_waiting.wait()
        self.skip(seconds)

    def skip(self, seconds: float) -> None:
        """Move the time forward, whether or not something waits for it."""
        self._now += seconds
        for deadline, future in self._waiting:
            if deadline <= self._now and not future.done():
                future.set_result(None)

    async def _until(self, deadline: float) -> None:
        entry = (deadline, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        self._has_waiting.set()
        try:
            await entry[1]
        finally:
            self._waiting.remove(entry)
            if not self._waiting:
                self._has_waiting.clear()


@pytest.fixture
async def manual_clock() -> ManualClock:
    """A clock that the test moves forward."""
    return ManualClock()


@pytest.fixture
def database_url(databases: DatabaseFactory) -> str:
    """A fresh database with the generator's schema."""
    return databases.create(SERVICE_DIRECTORY, url_variable="EUTERPE_GENERATOR_DATABASE_URL")


@pytest.fixture
async def library(token_issuer: TokenIssuer) -> AsyncIterator[FakeLibrary]:
    """A running library."""
    async with httpx.AsyncClient() as http:
        server = RpcServer(TokenVerifier(RemoteKeys(token_issuer.jwks_url, http), SERVICE))
        fake = FakeLibrary()
        add_LibraryServiceServicer_to_server(fake, server.server)
        fake.target = f"127.0.0.1:{await server.start('127.0.0.1', 0)}"
        yield fake
        await server.stop(0)


@pytest.fixture
def settings(
    database_url: str, object_store_settings: ObjectStoreSettings, token_issuer: TokenIssuer, library: FakeLibrary
) -> Settings:
    """Settings with the tiny model."""
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
    """A client of a running generator."""
    async with running_client(create_app(settings)) as client:
        yield client
