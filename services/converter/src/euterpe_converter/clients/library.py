"""Client of the library."""

import uuid
from dataclasses import dataclass

import grpc
from euterpe.library.v1.library_pb2 import ResolveArtifactRequest
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_service_kit.rpc_client import peer_errors

from euterpe_converter.domain.requester import Requester

_DEADLINE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class StoredSong:
    """A song's MIDI key and metadata, as far as the requester may know it.

    `download_allowed` is False for share links that allow listening only.
    """

    midi_key: str
    midi_sha256: str
    title: str
    author: str = ""
    seed: str = ""
    download_allowed: bool = True


class LibraryClient:
    """Calls the library over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = LibraryServiceStub(channel)

    async def resolve(self, song_id: uuid.UUID, requester: Requester) -> StoredSong:
        """Return the song if the requester may read it. Raises NotFound, Unavailable."""
        request = ResolveArtifactRequest(
            song_id=str(song_id), listener_id=requester.id or "", share_token=requester.share_token
        )
        async with peer_errors("library"):
            answer = await self._stub.ResolveArtifact(request, timeout=_DEADLINE_SECONDS)
        seed = str(answer.seed) if answer.HasField("seed") else ""
        midi = answer.midi
        return StoredSong(midi.key, midi.sha256, answer.title, answer.author, seed, answer.download_allowed)
