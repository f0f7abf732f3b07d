"""From composed events to a piece that its listener finds: MIDI object, library, row.

In this order a crash at any point is harmless: the object's key is its content, registering is idempotent, and the
row turns last. Whoever takes over composes the same bytes and walks the same way again.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import structlog
from euterpe.library.v1 import library_pb2 as pb
from euterpe_music.measures import Measures, measure
from euterpe_music.midi import write_midi
from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.clients.library import LibraryClient
from euterpe_generator.domain.generation import Generation, Result, Status
from euterpe_generator.engine.request import Array
from euterpe_generator.services.catalogue import Model
from euterpe_generator.services.records import Records

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """A composed piece in its final form."""

    midi: bytes
    note_count: int
    duration_seconds: float
    measures: dict[str, float]

    @property
    def artifact(self) -> pb.MidiArtifact:
        """Its content address."""
        digest = hashlib.sha256(self.midi).hexdigest()
        return pb.MidiArtifact(key=f"midi/{digest}.mid", sha256=digest, size_bytes=len(self.midi))


class Finisher:
    """Walks a composed piece through its last three steps."""

    def __init__(self, database: Database, store: ObjectStore, library: LibraryClient, threads: Executor) -> None:
        self._records = Records(database)
        self._store = store
        self._library = library
        self._threads = threads

    async def finish(
        self, generation: Generation, model: Model, events: Array, status: Status = Status.SUCCEEDED
    ) -> Generation | None:
        """Returns the generation, ended with `status`; None when another worker has taken it over.

        Raises Unavailable while S3, the library or PostgreSQL are away: the caller tries again.
        """
        loop = asyncio.get_running_loop()
        piece = await loop.run_in_executor(self._threads, render_piece, model, events, generation.settings)
        artifact = piece.artifact
        await self._store.put(artifact.key, piece.midi, content_type="audio/midi")
        song_id = await self._register(generation, piece, artifact)
        result = Result(
            id=generation.id,
            attempt=generation.attempt,
            status=status,
            midi_key=artifact.key,
            midi_bytes=len(piece.midi),
            song_id=song_id,
            steps=len(events),
            note_count=piece.note_count,
            duration_seconds=piece.duration_seconds,
            measures=piece.measures,
        )
        return await self._records.put(result)

    async def _register(self, generation: Generation, piece: Piece, artifact: pb.MidiArtifact) -> str | None:
        if generation.listener.id is None:
            return None
        return await self._library.register(
            generation,
            midi=artifact,
            duration_seconds=piece.duration_seconds,
            note_count=piece.note_count,
            measures=piece.measures,
        )


def render_piece(model: Model, events: Array, settings: Mapping[str, Any]) -> Piece:
    """Decodes the network's events [steps, features] into a piece and measures it."""
    score = model.decode(events, settings)
    measures = measure(score)
    return Piece(
        midi=write_midi(score),
        note_count=measures.notes,
        duration_seconds=measures.duration_seconds,
        measures=_flat(measures),
    )


def _flat(measures: Measures) -> dict[str, float]:
    """Measures by name; n-gram repetitions become `repetitions_2` to `repetitions_9`."""
    values = measures.to_dict()
    repetitions = values.pop("repetitions")
    return values | {f"repetitions_{n}": share for n, share in repetitions.items()}
