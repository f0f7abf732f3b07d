"""The library, as the converter sees it."""

import uuid
from dataclasses import dataclass

import grpc
from euterpe.library.v1.library_pb2 import ResolveArtifactRequest
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_service_kit.rpc_client import peer_errors

_DEADLINE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class StoredSong:
    """Where a song's MIDI lies, what the song is called, and who made it from which seed, as far as is told."""

    midi_key: str
    midi_sha256: str
    title: str
    author: str = ""
    seed: str = ""


class LibraryClient:
    """Asks the library over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = LibraryServiceStub(channel)

    async def resolve(self, song_id: uuid.UUID, listener_id: str | None) -> StoredSong:
        """The song, if this listener (None: an anonymous one) may read it. Raises NotFound, Unavailable."""
        request = ResolveArtifactRequest(song_id=str(song_id), listener_id=listener_id or "")
        async with peer_errors("library"):
            answer = await self._stub.ResolveArtifact(request, timeout=_DEADLINE_SECONDS)
        return StoredSong(answer.midi.key, answer.midi.sha256, answer.title, answer.author)
