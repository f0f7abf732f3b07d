"""`euterpe.library.v1.LibraryService`."""

from typing import Any

import grpc
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceServicer
from euterpe_service_kit.database import Database
from prometheus_client import CollectorRegistry, Counter

from euterpe_library.errors import SongNotFound
from euterpe_library.rpc import parsing
from euterpe_library.services import songs

Context = grpc.aio.ServicerContext[Any, Any]


class LibraryRpc(LibraryServiceServicer):
    """What peers may ask for; the server has verified their service token."""

    def __init__(self, database: Database, registry: CollectorRegistry) -> None:
        self._database = database
        self._registrations = Counter(
            "euterpe_library_registrations_total",
            "Calls of RegisterSong that succeeded, by whether the song was new.",
            ["result"],
            registry=registry,
        )

    async def RegisterSong(self, request: pb.RegisterSongRequest, _: Context) -> pb.RegisterSongResponse:
        """Answers after the commit, so that what was acknowledged is kept."""
        new = parsing.new_song(request)
        async with self._database.sessions.begin() as session:
            registration = await songs.register(session, new)
        self._registrations.labels("created" if registration.created else "repeated").inc()
        return pb.RegisterSongResponse(song_id=str(registration.song_id), created=registration.created)

    async def ResolveArtifact(self, request: pb.ResolveArtifactRequest, _: Context) -> pb.ResolveArtifactResponse:
        """An anonymous listener may read nothing yet: every song is private."""
        song_id = parsing.song_id(request.song_id)
        if not request.listener_id:
            raise SongNotFound
        async with self._database.sessions() as session:
            song = await songs.find(session, song_id, request.listener_id)
        midi = pb.MidiArtifact(key=song.midi_key, sha256=song.midi_sha256, size_bytes=song.midi_size_bytes)
        return pb.ResolveArtifactResponse(
            midi=midi, title=song.title, author=song.author, duration_seconds=song.duration_seconds
        )
