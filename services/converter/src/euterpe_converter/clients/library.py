"""The library, as the converter sees it."""

import uuid
from dataclasses import dataclass

import grpc
from euterpe.library.v1.library_pb2 import ResolveArtifactRequest
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_service_kit.rpc_client import peer_errors

from euterpe_converter.domain.requester import Listener

_DEADLINE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class StoredSong:
    """Where a song's MIDI lies, what the song is called, and who made it from which seed, as far as is told.

    `download_allowed` is False for holders of a share link that lets them listen only.
    """

    midi_key: str
    midi_sha256: str
    title: str
    author: str = ""
    seed: str = ""
    download_allowed: bool = True


class LibraryClient:
    """Asks the library over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = LibraryServiceStub(channel)

    async def resolve(self, song_id: uuid.UUID, listener: Listener) -> StoredSong:
        """The song, if this listener may read it. Raises NotFound, Unavailable."""
        request = ResolveArtifactRequest(
            song_id=str(song_id), listener_id=listener.id or "", share_token=listener.share_token
        )
        async with peer_errors("library"):
            answer = await self._stub.ResolveArtifact(request, timeout=_DEADLINE_SECONDS)
        seed = str(answer.seed) if answer.HasField("seed") else ""
        midi = answer.midi
        return StoredSong(midi.key, midi.sha256, answer.title, answer.author, seed, answer.download_allowed)
