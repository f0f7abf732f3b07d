"""The library, as the generator sees it: a place to register finished pieces."""

from collections.abc import Mapping

import grpc
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_service_kit.rpc_client import peer_errors
from google.protobuf.struct_pb2 import Struct

from euterpe_generator.domain.generation import Generation

_DEADLINE_SECONDS = 10.0


class LibraryClient:
    """Calls euterpe.library.v1.LibraryService."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = LibraryServiceStub(channel)

    async def register(
        self,
        generation: Generation,
        *,
        midi: pb.MidiArtifact,
        duration_seconds: float,
        note_count: int,
        measures: Mapping[str, float],
    ) -> str:
        """Adds the piece to its owner's songs and returns the song's id; the same id for the same generation."""
        parameters = Struct()
        parameters.update(generation.parameters)
        request = pb.RegisterSongRequest(
            source_id=str(generation.id),
            owner_id=generation.listener.id or "",
            author=generation.listener.name,
            title=generation.title,
            midi=midi,
            creation=pb.Creation(
                model=generation.model,
                model_version=generation.model_version,
                seed=generation.seed,
                parameters=parameters,
            ),
            duration_seconds=duration_seconds,
            note_count=note_count,
            measures=measures,
        )
        async with peer_errors("library"):
            response = await self._stub.RegisterSong(request, timeout=_DEADLINE_SECONDS)
        return str(response.song_id)
