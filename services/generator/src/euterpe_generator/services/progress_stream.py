"""Streams the status and notes of a generation while it is composed, in any process."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from euterpe_music.midi import read_midi
from euterpe_music.midi.write import as_written
from euterpe_music.piece import Piece, Track
from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.domain.clock import Clock
from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.domain.queue import QueuePosition
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.services.live_events import LiveEvents
from euterpe_generator.services.shared_states import SharedStates
from euterpe_generator.storage.changes import WATCHERS, ChangeFeed
from euterpe_generator.storage.generations import GenerationRepository
from euterpe_generator.storage.workers import WorkerRepository

#: How long a stream relies on notifications before it reads the row again.
POLL_SECONDS = 1.0
#: Minimum time between two updates with notes: 20 per second are enough for an animation.
_FRAME_SECONDS = 0.05
_WATCH_DURATION = timedelta(seconds=30)
_WATCH_RENEWAL_SECONDS = 15.0
_MAX_ID_DIGITS = 28

#: Onset and duration in seconds, pitch, velocity.
Note = tuple[float, float, int, int]


@dataclass(frozen=True, slots=True)
class LiveNotes:
    """Notes with the index of each note's track, and the tracks, so that clients can play them."""

    notes: tuple[Note, ...]
    track_indices: tuple[int, ...]
    tracks: tuple[Track, ...]

    @classmethod
    def of(cls, piece: Piece, *, by_track: bool) -> "LiveNotes":
        """Return the notes of a piece in the order of `timed_notes`."""
        indices = piece.notes["track"]
        ordered = np.sort(indices, kind="stable") if by_track else indices
        return cls(timed_notes(piece, by_track=by_track), tuple(ordered.tolist()), piece.tracks)

    def since(self, count: int) -> "LiveNotes":
        """Return the notes after the first `count`."""
        return LiveNotes(self.notes[count:], self.track_indices[count:], self.tracks)


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
        is_valid = sequence.isdecimal() and notes.isdecimal() and (sequence + notes).isascii()
        if not is_valid or len(sequence + notes) > _MAX_ID_DIGITS:
            return cls()
        return cls(int(sequence), int(notes))

    def within(self, generation: Generation, notes: int | None) -> "StreamPosition":
        """Return the position, or the start of the stream if an ended generation with `notes` notes never had it."""
        is_possible = self.sequence <= generation.length + 2 and (notes is None or self.notes <= notes)
        return self if is_possible else StreamPosition()


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """One update: new notes, or a status with the queue position of a generation that has waited for a while."""

    position: StreamPosition
    generation: Generation
    notes: LiveNotes | None = None
    queue_position: QueuePosition | None = None


class ProgressStream:
    """Streams updates of generations."""

    def __init__(
        self, database: Database, store: ObjectStore, changes: ChangeFeed, catalogue: Catalogue, live: LiveEvents,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._database = database
        self._store = store
        self._changes = changes
        self._catalogue = catalogue
        self._live = live
        self._states = SharedStates(database, clock)
        self._clock = clock

    async def stream(
        self, generation: Generation, position: StreamPosition, *, notes: bool
    ) -> AsyncIterator[ProgressUpdate]:
        """Yield updates after `position` until the generation has ended; notes before the status that includes them.

        Notes are those of the finished piece's file, each once, track by track, or in the order of time if the model
        composes all tracks together: a stream that is resumed anywhere continues exactly. The queue position is
        included for generations that still wait after POLL_SECONDS, and again whenever it has changed.
        """
        queue_position: QueuePosition | None = None
        with (
            self._changes.watch(str(generation.id)) as watch,
            self._live.watching(generation.id),
            self._states.watching(generation.id),
        ):
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
                notified = await self._clock.wait_for(watch.changed, POLL_SECONDS)
                # The first notes are sent at once, later ones at the frame rate.
                if generation.status is Status.RUNNING and position.notes:
                    await self._clock.sleep(_FRAME_SECONDS)
                # Before the read, so that a change after it is not missed.
                watch.changed.clear()
                # Most pieces start at once, so positions are only queried for those that have waited.
                state = None if notified else await self._states.latest(generation.id)
                if state is None or state.differs_from(generation):
                    generation = await self._read(generation)
                latest = queue_position if state is None else state.queue_position
                if latest is not None and (queue_position is None or latest.position != queue_position.position):
                    yield ProgressUpdate(position, generation, queue_position=latest)
                queue_position = latest

    async def _updates(self, generation: Generation, position: StreamPosition, *, notes: bool) -> list[ProgressUpdate]:
        updates: list[ProgressUpdate] = []
        if generation.status is Status.RUNNING and position.sequence < 1:
            position = StreamPosition(1, position.notes)
            updates.append(ProgressUpdate(position, generation))
        known = await self._notes_so_far(generation) if notes else None
        if generation.status.ended:
            position = position.within(generation, None if known is None else len(known.notes))
        if known is not None and len(known.notes) > position.notes:
            # The status that includes them follows, whatever the client has received before.
            sequence = generation.length + 1 if generation.status.ended else max(position.sequence, 1)
            new_notes = known.since(position.notes)
            position = StreamPosition(sequence, len(known.notes))
            updates.append(ProgressUpdate(position, generation, new_notes))
        if generation.sequence > position.sequence:
            updates.append(ProgressUpdate(StreamPosition(generation.sequence, position.notes), generation))
        return updates

    async def _notes_so_far(self, generation: Generation) -> LiveNotes | None:
        """Return the notes that cannot change: all of a finished piece, or the settled ones of a running one."""
        if generation.midi_key is not None:
            piece = read_midi(await self._store.get(generation.midi_key))
            return LiveNotes.of(piece, by_track=not self._catalogue.composes_tracks_together(generation.model_key))
        if generation.status is not Status.RUNNING:
            return None
        model = self._catalogue.resolve(generation.model_key)
        events = self._live.events(generation.id)
        if events is None:
            async with self._database.sessions() as session:
                events = await WorkerRepository(session).live_events(generation.id, features=model.features)
        if events is None or not len(events):
            return None
        piece = as_written(model.decode(events, generation.parameters, generation.prompt))
        current_track = model.adapter.current_track(events)
        return LiveNotes.of(settled(piece, current_track), by_track=current_track is not None)

    async def _request_events(self, generation: Generation) -> None:
        if not self._live.is_open(generation.id):
            async with self._database.sessions.begin() as session:
                await WorkerRepository(session).watch(generation.id, duration=_WATCH_DURATION)
        self._changes.announce(WATCHERS)

    async def _read(self, generation: Generation) -> Generation:
        async with self._database.sessions() as session:
            found = await GenerationRepository(session).get(generation.id)
        return generation if found is None else found


def settled(piece: Piece, current_track: int | None) -> Piece:
    """Return the notes of a piece so far, as it would be written, that no later event can change.

    Tracks before the current one are complete, later ones are not begun; if it is None, all are composed together. Of
    the current one, a note is settled that begins before the track's last onset, at which later notes may still join,
    and is released by then: its key can be struck again while it sounds. Those after the first unsettled note wait for
    it, because notes are sent in order.
    """
    notes, tracks = piece.notes, piece.notes["track"]
    current = np.arange(len(notes)) if current_track is None else np.flatnonzero(tracks == current_track)
    onsets = notes["onset"][current]
    last = onsets.max(initial=0)
    is_open = (onsets >= last) | (onsets + notes["duration"][current] > last)
    kept = np.zeros(len(notes), np.bool_) if current_track is None else tracks < current_track
    kept[current[: int(is_open.argmax()) if len(is_open) else 0]] = True
    return piece.with_notes(notes[kept])


def timed_notes(piece: Piece, *, by_track: bool = True) -> tuple[Note, ...]:
    """Return the notes, track by track or in the order of time, with times in seconds to four decimals."""
    notes = piece.notes[np.argsort(piece.notes["track"], kind="stable")] if by_track else piece.notes
    onsets = piece.seconds(notes["onset"])
    durations = piece.seconds(notes["onset"] + notes["duration"]) - onsets
    columns = (np.round(onsets, 4), np.round(durations, 4), notes["pitch"], notes["velocity"])
    return tuple(zip(*(column.tolist() for column in columns), strict=True))
