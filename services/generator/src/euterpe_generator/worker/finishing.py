"""From composed events to a piece that its listener finds: MIDI object, library, row.

In this order a crash at any point is harmless: the object's key is its content, registering is idempotent, and the
row turns last. Whoever takes over composes the same bytes and walks the same way again.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import Executor

from euterpe.library.v1 import library_pb2 as pb
from euterpe_music.key import estimate_key
from euterpe_music.measures import measure
from euterpe_music.midi import write_midi
from euterpe_service_kit.database import Database
from euterpe_service_kit.object_put import Put
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.clients.library import MOST, FinishedPiece, LibraryClient
from euterpe_generator.domain.generation import Generation, Result, Status
from euterpe_generator.engine.request import Array
from euterpe_generator.models.catalogue import Model
from euterpe_generator.services.batching import Batcher
from euterpe_generator.storage.generations import Generations
from euterpe_generator.worker.style_tagging import StyleTagger

#: The library's number for the drum kit, after the 128 programs.
_DRUMS = 128
#: So few that the first are stored while the next are rendered.
_RENDERED_TOGETHER = 16

Composed = tuple[Model, Array, Generation]
#: A MIDI file, and what the library is told of it.
Rendered = tuple[bytes, FinishedPiece]


class Finisher:
    """Walks composed pieces through their last steps; pieces that come together share threads, calls, transactions."""

    def __init__(
        self, database: Database, store: ObjectStore, library: LibraryClient, threads: Executor, tagger: StyleTagger
    ) -> None:
        self._database = database
        self._threads = threads
        self._tagger = tagger
        self._files = Batcher(self._render, name="render", most=_RENDERED_TOGETHER)
        self._objects = Batcher(store.put_all, name="store")
        self._songs = Batcher(library.register, name="register", most=MOST)
        self._records = Batcher(self._record, name="record")

    async def finish(
        self, generation: Generation, model: Model, events: Array, status: Status = Status.SUCCEEDED
    ) -> Generation | None:
        """Returns the generation, ended with `status`; None when another worker has taken it over.

        Raises Unavailable while S3, the library or PostgreSQL are away: the caller tries again. Raises
        PreconditionFailed when the library will never take the piece.
        """
        midi, piece = await self._files.put((model, events, generation))
        await self._objects.put(Put(piece.midi.key, midi, "audio/midi"))
        song_id = None if generation.listener.id is None else await self._songs.put((generation, piece))
        result = Result(
            id=generation.id,
            attempt=generation.attempt,
            status=status,
            midi_key=piece.midi.key,
            midi_bytes=len(midi),
            song_id=song_id,
            steps=len(events),
            note_count=piece.note_count,
            duration_seconds=piece.duration_seconds,
            measures=piece.measures,
        )
        return await self._records.put(result)

    async def _render(self, composed: Sequence[Composed]) -> list[Rendered | Exception]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _render_all, composed, self._tagger)

    async def _record(self, results: Sequence[Result]) -> list[Generation | Exception | None]:
        async with self._database.sessions.begin() as session:
            done = await Generations(session).finish(results)
        return [done.get(result.id) for result in results]


def _render_all(composed: Sequence[Composed], tagger: StyleTagger) -> list[Rendered | Exception]:
    outcomes: list[Rendered | Exception] = []
    for model, events, generation in composed:
        try:
            outcomes.append(render_piece(model, events, generation, tagger))
        except Exception as error:  # noqa: BLE001 - one piece that cannot be rendered must not take others with it
            outcomes.append(error)
    return outcomes


def render_piece(model: Model, events: Array, generation: Generation, tagger: StyleTagger) -> Rendered:
    """Decodes the network's events [steps, features] into a MIDI file, measures it and tells its style.

    The style that was ordered stands, where the model offers one; what it resembles is in the measures either way.
    """
    score = model.decode(events, generation.settings, generation.prompt)
    measures = measure(score)
    midi = write_midi(score)
    styles = tagger.tag(score)
    digest = hashlib.sha256(midi).hexdigest()
    return midi, FinishedPiece(
        midi=pb.MidiArtifact(key=f"midi/{digest}.mid", sha256=digest, size_bytes=len(midi)),
        duration_seconds=measures.duration_seconds,
        note_count=measures.notes,
        measures=measures.flat() | styles.measures,
        key=estimate_key(score),
        tempo_bpm=score.tempos[0].bpm,
        style=generation.settings.get("style") or styles.style,
        programs=sorted({_DRUMS if track.is_drum else track.program for track in score.tracks}),
    )
