"""From composed events to a stored piece: MIDI object in S3, song in the library, row in the database.

In this order a crash at any point is harmless: the object's key is its content address, registering is idempotent, and
the row is updated last. A retry composes the same bytes and repeats the same steps.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from euterpe_service_kit.database import Database
from euterpe_service_kit.object_put import Put
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.clients.library import MAX_SONGS, LibraryClient
from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.engine.request import Array
from euterpe_generator.models.catalogue import Model
from euterpe_generator.services.batching import Batcher
from euterpe_generator.storage.generations import Completion, GenerationRepository
from euterpe_generator.worker.outages import Permanent
from euterpe_generator.worker.rendering import render_piece
from euterpe_generator.worker.style_tagging import StyleTagger

#: Small, so that the first pieces are stored while the next ones are rendered.
_MAX_RENDERED_TOGETHER = 16

Composed = tuple[Model, Array, Generation]


class Finisher:
    """Renders, stores, registers and records pieces; concurrent pieces share threads, calls and transactions."""

    def __init__(
        self, database: Database, store: ObjectStore, library: LibraryClient, threads: Executor, tagger: StyleTagger
    ) -> None:
        self._database = database
        self._threads = threads
        self._tagger = tagger
        self._renders = Batcher(self._render, name="render", max_items=_MAX_RENDERED_TOGETHER)
        self._objects = Batcher(store.put_all, name="store")
        self._songs = Batcher(library.register, name="register", max_items=MAX_SONGS)
        self._records = Batcher(self._record, name="record")

    async def finish(
        self, generation: Generation, model: Model, events: Array, status: Status = Status.SUCCEEDED
    ) -> Generation | None:
        """Return the generation, ended with `status`; None if another worker has taken it over.

        Raises Unavailable if S3, the library or PostgreSQL cannot be reached, so that the caller retries,
        PreconditionFailed if the library rejects the piece for good, and Permanent if it cannot be rendered.
        """
        try:
            piece = await self._renders.put((model, events, generation))
        except Exception as error:
            raise Permanent("the piece cannot be rendered") from error
        await self._objects.put(Put(piece.midi_key, piece.midi, "audio/midi"))
        song_id = None if generation.owner.id is None else await self._songs.put((generation, piece))
        return await self._records.put(Completion(generation, status, piece, song_id))

    async def end(self, generation: Generation, status: Status, failure: str | None = None) -> Generation | None:
        """Record the end of a generation without a piece; None if another worker has taken it over."""
        async with self._database.sessions.begin() as session:
            return await GenerationRepository(session).end(generation, status, failure)

    async def _render(self, composed: Sequence[Composed]) -> list[RenderedPiece | Exception]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _render_all, composed, self._tagger)

    async def _record(self, completions: Sequence[Completion]) -> list[Generation | Exception | None]:
        async with self._database.sessions.begin() as session:
            ended = await GenerationRepository(session).complete(completions)
        return [ended.get(completion.generation.id) for completion in completions]


def _render_all(composed: Sequence[Composed], tagger: StyleTagger) -> list[RenderedPiece | Exception]:
    outcomes: list[RenderedPiece | Exception] = []
    for model, events, generation in composed:
        try:
            outcomes.append(render_piece(model, events, generation, tagger))
        except Exception as error:  # noqa: BLE001 - a piece that cannot be rendered must not affect the others
            outcomes.append(error)
    return outcomes
