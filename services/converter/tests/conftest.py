"""The running converter with S3, FluidSynth and ffmpeg; the library is a gRPC server with songs in memory."""

import asyncio
import hashlib
import itertools
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceServicer, add_LibraryServiceServicer_to_server
from euterpe_converter.app import create_app
from euterpe_converter.rendering.soundfont import DEBIAN_SOUNDFONTS
from euterpe_converter.settings import Settings
from euterpe_music.midi import Piece, Track, write_midi
from euterpe_music.piece import make_notes
from euterpe_service_kit.errors import NotFound
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_service_kit.tokens import SERVICE, RemoteKeys, TokenVerifier
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from numpy.typing import NDArray

_fresh = itertools.count()

MakeMidi = Callable[..., bytes]
AddSong = Callable[..., Awaitable[str]]
ChangeSettings = Callable[..., Settings]


@dataclass
class Sound:
    """Decoded audio: samples of shape (frames, 2), 16 bit, at `rate` frames per second."""

    samples: NDArray[np.int16]
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def rms(self, first: float = 0.0, last: float | None = None) -> float:
        part = self.samples[int(first * self.rate) : None if last is None else int(last * self.rate)]
        return float(np.sqrt((part.astype(np.float64) ** 2).mean()))


@pytest.fixture
def decode() -> Callable[[bytes], Sound]:
    """Decode audio with ffmpeg, which fails for invalid files."""

    def run(audio: bytes) -> Sound:
        raw = ["-f", "s16le", "-ar", "44100", "-ac", "2", "-"]
        command = ["ffmpeg", "-v", "error", "-xerror", "-i", "-", *raw]
        done = subprocess.run(command, input=audio, capture_output=True, check=True)
        return Sound(np.frombuffer(done.stdout, "<i2").reshape(-1, 2), 44_100)

    return run


@pytest.fixture
def make_midi() -> MakeMidi:
    """Make unique MIDI files: the bucket is shared, and a cached rendition would not be rendered again."""

    def make(seconds: float = 3.0, notes_per_second: float = 2.0, *, fresh: bool = True, program: int = 0) -> bytes:
        number = next(_fresh) if fresh else 0
        count = max(1, round(seconds * notes_per_second))
        # 120 quarters per minute at 480 ticks: 960 ticks per second. The number is encoded in two velocities.
        onsets = np.arange(count) * (seconds * 960 / count)
        pitches = 48 + (np.arange(count) * 7) % 24
        notes = make_notes(onsets, round(seconds * 960 / count), pitches, 70 + number % 40)
        notes["velocity"][0] = 70 + number // 40
        return write_midi(Piece(480, notes, (Track(program),)))

    return make


@dataclass
class LibraryDouble(LibraryServiceServicer):
    """A fake library service: which user may read which song."""

    songs: dict[str, tuple[pb.ResolveArtifactResponse, str]] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)
    #: Tokens of share links: the song, and whether it may be downloaded.
    shares: dict[str, tuple[str, bool]] = field(default_factory=dict)

    async def ResolveArtifact(self, request: Any, context: Any) -> pb.ResolveArtifactResponse:
        answer, owner = self.songs.get(request.song_id, (None, ""))
        shared, download = self.shares.get(request.share_token, ("", True))
        mine = request.listener_id == owner or request.song_id in self.public
        if answer is None or not (mine or shared == request.song_id):
            raise NotFound("There is no song with this id in your library.")
        answer.download_allowed = mine or download
        return answer


@dataclass
class RunningLibrary:
    target: str
    double: LibraryDouble
    server: RpcServer


@pytest_asyncio.fixture(scope="session")
async def library(token_issuer: TokenIssuer) -> AsyncIterator[RunningLibrary]:
    double = LibraryDouble()
    async with httpx.AsyncClient() as http:
        server = RpcServer(TokenVerifier(RemoteKeys(token_issuer.jwks_url, http), SERVICE))
        add_LibraryServiceServicer_to_server(double, server.server)
        port = await server.start("127.0.0.1", 0)
        yield RunningLibrary(f"127.0.0.1:{port}", double, server)
        await server.stop(0)


@pytest.fixture(scope="session")
def make_settings(
    object_store_settings: ObjectStoreSettings, token_issuer: TokenIssuer, library: RunningLibrary
) -> ChangeSettings:
    def make(**changes: Any) -> Settings:
        given = {
            "s3": object_store_settings,
            "jwks_url": token_issuer.jwks_url,
            "peer": token_issuer.peer,
            "library_target": library.target,
            "workers": 2,
        }
        return Settings(**(given | changes))

    return make


@pytest.fixture(scope="session")
def app(make_settings: ChangeSettings) -> FastAPI:
    return create_app(make_settings())


@pytest_asyncio.fixture(scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """One service for all tests: loading the SoundFont takes longer than most of them."""
    async with running_client(app) as client:
        yield client


@pytest.fixture
def add_song(library: RunningLibrary, object_store: ObjectStore, make_midi: MakeMidi) -> AddSong:
    """Store a MIDI file and register it with the fake library; return the song's id."""

    async def add(
        owner: str = "alice",
        *,
        title: str = "Étude",
        author: str = "",
        midi: bytes | None = None,
        public: bool = False,
        seed: int | None = None,
    ) -> str:
        content = midi or make_midi()
        digest, song_id = hashlib.sha256(content).hexdigest(), str(uuid.uuid4())
        artifact = pb.MidiArtifact(key=f"midi/{digest}.mid", sha256=digest, size_bytes=len(content))
        await object_store.put(artifact.key, content, content_type="audio/midi")
        answer = pb.ResolveArtifactResponse(midi=artifact, title=title, author=author, seed=seed)
        library.double.songs[song_id] = (answer, owner)
        if public:
            library.double.public.add(song_id)
        return song_id

    return add


@pytest.fixture
def soundfont() -> Path:
    return next(path for path in DEBIAN_SOUNDFONTS if path.exists())


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    command: str
    state: str


def _processes() -> list[Process]:
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            text = (directory / "stat").read_text()
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        rest = text[text.rindex(")") + 2 :].split()
        found.append(Process(int(directory.name), int(rest[1]), command, rest[0]))
    return found


def _renders(service: int) -> list[Process]:
    processes = _processes()
    workers = {one.pid for one in processes if one.parent == service and "synth_process" in one.command}
    return [one for one in processes if one.parent in workers]


@pytest.fixture
def renders() -> Callable[[int], list[Process]]:
    """List the render processes of a service, zombies included."""
    return _renders


@pytest.fixture
def children() -> Callable[[int], list[Process]]:
    """List the child processes of a process."""
    return lambda parent: [one for one in _processes() if one.parent == parent]


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Awaitable[Any]]:
    """Wait until a condition is true, and return its value; fails after 20 seconds."""

    async def wait(condition: Callable[[], Any]) -> Any:
        async with asyncio.timeout(20):
            while not (value := condition()):
                await asyncio.sleep(0.005)
            return value

    return wait


@pytest.fixture
def rendered(app: FastAPI) -> Callable[..., float]:
    """Count the renders that ended with a result since the test began, by the service's metrics."""

    def total(result: str, audio_format: str) -> float:
        labels = {"format": audio_format, "result": result}
        return app.state.registry.get_sample_value("euterpe_converter_renders_total", labels) or 0.0

    before = {(result, "mp3"): total(result, "mp3") for result in ("ok", "failed")}

    def count(result: str = "ok", audio_format: str = "mp3") -> float:
        return total(result, audio_format) - before[result, audio_format]

    return count
