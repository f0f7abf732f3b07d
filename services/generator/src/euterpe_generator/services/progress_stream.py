"""Streams the status and notes of a generation while it is composed, in any process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from euterpe_music.midi import read_midi
from euterpe_music.piece import Piece
from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.domain.clock import Clock
from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.domain.queue import QueuePosition
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.services.live_events import LiveEvents
from euterpe_generator.storage.changes import WATCHERS, ChangeFeed
from euterpe_generator.storage.generations import GenerationRepository
from euterpe_generator.storage.workers import WorkerRepository

#: How long a stream relies on notifications before it reads the row again.
POLL_SECONDS = 1.0
#: Minimum time between two updates with notes: 20 per second are enough for an animation.
_FRAME_SECONDS = 0.05
_WATCH_DURATION = timedelta(seconds=30)
_WATCH_RENEWAL_SECONDS = 15.0

#: Onset and duration in seconds, pitch, velocity.
Note = tuple[float, float, int, int]


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """How much a client has received: the generation's sequence number, and notes of the finished piece's list."""

    sequence: int = -1
    notes: int = 0

    def __str__(self) -> str:
        return f"{self.sequence}.{self.notes}"

    @classmethod
    def parse(cls, text: str | None) -> "StreamPosition":
        """Parse an event id; returns the start of the stream for anything else."""
        sequence, _, notes = (text or "").partition(".")
        if not (sequence.isdecimal() and notes.isdecimal() and len(text or "") < 30):
            return cls()
        return cls(int(sequence), int(notes))


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """One update: new notes, or a status with the queue position of a generation that has waited for a while."""

    position: StreamPosition
    generation: Generation
    notes: tuple[Note, ...] | None = None
    queue_position: QueuePosition | None = None


#: Returns the queue position of a generation; None if it is not queued.
PositionLookup = Callable[[Generation], Awaitable[QueuePosition | None]]


class ProgressStream:
    """Streams updates of generations."""

    def __init__(
        self, database: Database, store: ObjectStore, changes: ChangeFeed, catalogue: Catalogue, live: LiveEvents,
        queue_position: PositionLookup, clock: Clock,
    ) -> None:  # fmt: skip
        self._database = database
        self._store = store
        self._changes = changes
        self._catalogue = catalogue
        self._live = live
        self._queue_position = queue_position
        self._clock = clock

    async def stream(
        self, generation: Generation, position: StreamPosition, *, notes: bool
    ) -> AsyncIterator[ProgressUpdate]:
        """Yield updates after `position` until the generation has ended; notes before the status that includes them.

        Notes are in the order of the finished piece, track by track, each once. The duration of a note may still
        shrink when its key is struck again; the MIDI file is authoritative. The queue position is included for
        generations that still wait after POLL_SECONDS, and again whenever it has changed.
        """
        queue_position: QueuePosition | None = None
        with self._changes.watch(str(generation.id)) as watch, self._live.watching(generation.id):
            watched_at = float("-inf")
            while True:
                is_due = self._clock.monotonic() - watched_at > _WATCH_RENEWAL_SECONDS
                if notes and not generation.status.ended and is_due:
                    await self._request_events(generation)
                    watched_at = self._clock.monotonic()
                for update in await self._updates(generation, position, notes=notes):
                    position = update.position
                    yield update
                if generation.status.ended:
                    return
                timed_out = not await self._clock.wait_for(watch.changed, POLL_SECONDS)
                # The first notes are sent at once, later ones at the frame rate.
                if generation.status is Status.RUNNING and position.notes:
                    await self._clock.sleep(_FRAME_SECONDS)
                # Before the read, so that a change after it is not missed.
                watch.changed.clear()
                generation = await self._read(generation)
                # Most pieces start at once, so positions are only queried for those that have waited.
                latest = await self._queue_position(generation) if timed_out else queue_position
                if latest is not None and (queue_position is None or latest.position != queue_position.position):
                    yield ProgressUpdate(position, generation, queue_position=latest)
                queue_position = latest

    async def _updates(self, generation: Generation, position: StreamPosition, *, notes: bool) -> list[ProgressUpdate]:
        updates: list[ProgressUpdate] = []
        if generation.status is Status.RUNNING and position.sequence < 1:
            position = StreamPosition(1, position.notes)
            updates.append(ProgressUpdate(position, generation))
        piece = await self._piece_so_far(generation) if notes else None
        if piece is not None:
            new_notes = _notes(piece, position.notes)
            if new_notes:
                sequence = max(position.sequence, generation.length + 1 if generation.status.ended else 1)
                position = StreamPosition(sequence, position.notes + len(new_notes))
                updates.append(ProgressUpdate(position, generation, new_notes))
        if generation.sequence > position.sequence:
            updates.append(ProgressUpdate(StreamPosition(generation.sequence, position.notes), generation))
        return updates

    async def _piece_so_far(self, generation: Generation) -> Piece | None:
        """Return the settled notes: all of a finished piece, or those before the last onset of a running one."""
        if generation.midi_key is not None:
            return read_midi(await self._store.get(generation.midi_key))
        if generation.status is not Status.RUNNING:
            return None
        model = self._catalogue.resolve(generation.model_key)
        events = self._live.events(generation.id)
        if events is None:
            async with self._database.sessions() as session:
                events = await WorkerRepository(session).live_events(generation.id, features=model.features)
        if events is None or not len(events):
            return None
        piece = model.decode(events, generation.parameters, generation.prompt)
        # Later tones may join the last chord and sort before its known ones. Tracks are composed one after the other,
        # so all notes of the tracks before the last one are settled.
        onsets, tracks = piece.notes["onset"], piece.notes["track"]
        is_last_track = tracks == tracks.max(initial=0)
        return piece.with_notes(piece.notes[~is_last_track | (onsets < onsets[is_last_track].max(initial=0))])

    async def _request_events(self, generation: Generation) -> None:
        if not self._live.is_open(generation.id):
            async with self._database.sessions.begin() as session:
                await WorkerRepository(session).watch(generation.id, duration=_WATCH_DURATION)
        self._changes.announce(WATCHERS)

    async def _read(self, generation: Generation) -> Generation:
        async with self._database.sessions() as session:
            found = await GenerationRepository(session).get(generation.id)
        return generation if found is None else found


def _notes(piece: Piece, first: int) -> tuple[Note, ...]:
    order = np.argsort(piece.notes["track"], kind="stable")
    notes = piece.notes[order][first:]
    onsets = piece.seconds(notes["onset"])
    durations = piece.seconds(notes["onset"] + notes["duration"]) - onsets
    columns = (np.round(onsets, 4), np.round(durations, 4), notes["pitch"], notes["velocity"])
    return tuple(zip(*(column.tolist() for column in columns), strict=True))
