"""The library, as the generator sees it: a place to register finished pieces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_service_kit.errors import NotFound, PreconditionFailed, Unavailable
from euterpe_service_kit.rpc_client import peer_errors
from google.protobuf.struct_pb2 import Struct

from euterpe_generator.domain.generation import Generation, Listener

_DEADLINE_SECONDS = 10.0
#: The most that the library takes at once.
MOST = 100


@dataclass(frozen=True, slots=True)
class FinishedPiece:
    """What the library is told of a piece, beside what its generation says."""

    midi: pb.MidiArtifact
    duration_seconds: float
    note_count: int
    measures: Mapping[str, float]
    key: str | None
    tempo_bpm: float
    programs: Sequence[int]
    style: str | None = None


class LibraryClient:
    """Calls euterpe.library.v1.LibraryService."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = LibraryServiceStub(channel)

    async def register(self, pieces: Sequence[tuple[Generation, FinishedPiece]]) -> list[str | Exception]:
        """Adds pieces to their owners' songs and returns the songs' ids; the same id for the same generation.

        In the place of one that cannot be registered: PreconditionFailed when that is for good, and Unavailable when
        its object has to be stored again before. Raises Unavailable while the library is away.
        """
        request = pb.RegisterSongsRequest(songs=[_song(generation, piece) for generation, piece in pieces])
        async with peer_errors("library"):
            response = await self._stub.RegisterSongs(request, timeout=_DEADLINE_SECONDS)
        return [_outcome(song) for song in response.songs]

    async def midi_key(self, song_id: str, listener: Listener) -> str | None:
        """The key of a song's MIDI object; None for a song that the listener may not read, or that there is not.

        Raises Unavailable while the library is away.
        """
        request = pb.ResolveArtifactRequest(song_id=song_id, listener_id=listener.id or "")
        try:
            async with peer_errors("library"):
                response = await self._stub.ResolveArtifact(request, timeout=_DEADLINE_SECONDS)
        except NotFound:
            return None
        return str(response.midi.key)


def _song(generation: Generation, piece: FinishedPiece) -> pb.RegisterSongRequest:
    parameters = Struct()
    parameters.update(generation.parameters)
    creation = pb.Creation(
        model=generation.model, model_version=generation.model_version, seed=generation.seed, parameters=parameters
    )
    return pb.RegisterSongRequest(
        source_id=str(generation.id),
        owner_id=generation.listener.id or "",
        author=generation.listener.name,
        title=generation.title,
        midi=piece.midi,
        creation=creation,
        duration_seconds=piece.duration_seconds,
        note_count=piece.note_count,
        measures=piece.measures,
        key=piece.key,
        tempo_bpm=piece.tempo_bpm,
        programs=piece.programs,
        style=piece.style,
    )


def _outcome(song: pb.RegisteredSong) -> str | Exception:
    if not song.refusal:
        return song.song_id
    return Unavailable(song.refusal) if song.retry else PreconditionFailed(song.refusal)
