"""Client of the library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_service_kit.errors import NotFound, PreconditionFailed, Unavailable
from euterpe_service_kit.rpc_client import peer_errors
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from euterpe_generator.domain.generation import Generation, Owner, UserClass
from euterpe_generator.domain.library_usage import LibraryUsage
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.domain.titles import song_title

_DEADLINE_SECONDS = 10.0
#: A request waits for the usage; the removal of a hundred objects takes longer.
_USAGE_DEADLINE_SECONDS = 1.0
_REMOVAL_DEADLINE_SECONDS = 60.0
#: The library's limits of songs and of objects per call.
MAX_SONGS = 100
MAX_ARTIFACTS = 100


@dataclass(frozen=True, slots=True)
class ReadableSong:
    """The key of a song's MIDI file, and the parameters that it was generated with; none for imported songs."""

    midi_key: str
    parameters: Mapping[str, Any]


class LibraryClient:
    """Calls euterpe.library.v1.LibraryService."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = LibraryServiceStub(channel)

    async def register(self, pieces: Sequence[tuple[Generation, RenderedPiece]]) -> list[str | Exception]:
        """Register pieces as songs of their owners and return the songs' ids. Idempotent per generation.

        A piece that cannot be registered has an exception in its place: PreconditionFailed if that is permanent,
        Unavailable if its object must be stored again first. Raises Unavailable if the library cannot be reached.
        """
        request = pb.RegisterSongsRequest(songs=[_song(generation, piece) for generation, piece in pieces])
        async with peer_errors("library"):
            response = await self._stub.RegisterSongs(request, timeout=_DEADLINE_SECONDS)
        return [_outcome(song) for song in response.songs]

    async def find_song(self, song_id: str, owner: Owner) -> ReadableSong | None:
        """Return a song; None if it does not exist or the user may not read it.

        Raises Unavailable if the library cannot be reached.
        """
        request = pb.ResolveArtifactRequest(song_id=song_id, listener_id=owner.id or "")
        try:
            async with peer_errors("library"):
                response = await self._stub.ResolveArtifact(request, timeout=_DEADLINE_SECONDS)
        except NotFound:
            return None
        stored = MessageToDict(response.creation.parameters).get("parameters", {})
        return ReadableSong(str(response.midi.key), stored if isinstance(stored, dict) else {})

    async def usage(self, owner: Owner) -> LibraryUsage:
        """Return what a user's library holds, and its limits. Raises Unavailable."""
        is_guest = owner.user_class is UserClass.GUEST
        request = pb.GetStorageUsageRequest(listener_id=owner.id or "", guest=is_guest)
        async with peer_errors("library"):
            answer = await self._stub.GetStorageUsage(request, timeout=_USAGE_DEADLINE_SECONDS)
        return LibraryUsage(answer.songs, answer.size_bytes, answer.max_songs, answer.max_size_bytes)

    async def remove_unused(self, keys: Sequence[str], *, modified_before: datetime) -> list[str]:
        """Remove the objects that no song has and that are old enough; return their keys. Raises Unavailable."""
        request = pb.RemoveUnusedArtifactsRequest(keys=keys)
        request.modified_before.FromDatetime(modified_before)
        async with peer_errors("library"):
            answer = await self._stub.RemoveUnusedArtifacts(request, timeout=_REMOVAL_DEADLINE_SECONDS)
        return list(answer.removed)


def _song(generation: Generation, piece: RenderedPiece) -> pb.RegisterSongRequest:
    parameters = Struct()
    parameters.update({**generation.creation_parameters, "writer_version": piece.writer_version})
    creation = pb.Creation(
        model=generation.model, model_version=generation.model_version, seed=generation.seed, parameters=parameters
    )
    return pb.RegisterSongRequest(
        source_id=str(generation.id),
        owner_id=generation.owner.id or "",
        author=generation.owner.name,
        title=song_title(generation, piece.key),
        title_language=generation.title_language,
        remix_of=None if generation.remix_of is None else str(generation.remix_of),
        meter=piece.meter,
        midi=pb.MidiArtifact(key=piece.midi_key, sha256=piece.sha256, size_bytes=len(piece.midi)),
        creation=creation,
        duration_seconds=piece.duration_seconds,
        note_count=piece.note_count,
        measures=piece.measures,
        key=piece.key,
        tempo_bpm=piece.tempo_bpm,
        programs=piece.programs,
        style=piece.style,
        composing_seconds=max(0.0, (datetime.now(UTC) - generation.created_at).total_seconds()),
    )


def _outcome(song: pb.RegisteredSong) -> str | Exception:
    if not song.refusal:
        return song.song_id
    return Unavailable(song.refusal) if song.retry else PreconditionFailed(song.refusal)
