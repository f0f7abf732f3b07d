"""Following a generation: where it stands, and its notes as they are composed, from any process."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from euterpe_music.midi import read_midi
from euterpe_music.piece import Piece
from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.domain.generation import Generation, Place, Status
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.services.live_events import LiveBoard
from euterpe_generator.storage.changes import WATCHERS, ChangeFeed
from euterpe_generator.storage.generations import Generations
from euterpe_generator.storage.workers import Workers

#: How long a follower relies on notifications before it looks for itself.
_LOOK_SECONDS = 1.0
#: Between two looks at a piece in progress: 20 pictures a second are smooth enough to draw.
_FRAME_SECONDS = 0.05
_WATCHING = timedelta(seconds=30)
_WATCH_AGAIN_SECONDS = 15.0

#: Onset and duration in seconds, pitch, velocity.
Note = tuple[float, float, int, int]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a follower has been told: the generation's sequence, and the notes of the finished piece's list."""

    sequence: int = -1
    notes: int = 0

    def __str__(self) -> str:
        return f"{self.sequence}.{self.notes}"

    @classmethod
    def parse(cls, text: str | None) -> "Position":
        """The position that an event's id states; the beginning for anything else."""
        sequence, _, notes = (text or "").partition(".")
        if not (sequence.isdecimal() and notes.isdecimal() and len(text or "") < 30):
            return cls()
        return cls(int(sequence), int(notes))


@dataclass(frozen=True, slots=True)
class Told:
    """One thing told: a state, with its place if it has waited for a while, or notes that are new at it."""

    position: Position
    generation: Generation
    notes: tuple[Note, ...] | None = None
    place: Place | None = None


#: Where a queued generation stands; None for one that does not wait.
Placing = Callable[[Generation], Awaitable[Place | None]]


class Following:
    """Tells listeners what becomes of their generations."""

    def __init__(
        self, database: Database, store: ObjectStore, changes: ChangeFeed, catalogue: Catalogue, board: LiveBoard,
        placing: Placing,
    ) -> None:  # fmt: skip
        self._database = database
        self._store = store
        self._changes = changes
        self._catalogue = catalogue
        self._board = board
        self._placing = placing

    async def follow(self, generation: Generation, position: Position, *, notes: bool) -> AsyncIterator[Told]:
        """Tells what comes after `position` until the generation has ended; notes before the state they belong to.

        Notes come in the order of the finished piece, track by track, each once. A note's duration may still shrink
        when its key is struck again; the MIDI file has the last word. Whoever still waits after a second is told the
        place in the queue, and again whenever it has changed.
        """
        place: Place | None = None
        with self._changes.watch(str(generation.id)) as watch, self._board.watching(generation.id):
            watched_at = float("-inf")
            while True:
                watch.changed.clear()
                if notes and not generation.status.ended and time.monotonic() - watched_at > _WATCH_AGAIN_SECONDS:
                    await self._ask_to_watch(generation)
                    watched_at = time.monotonic()
                for told in await self._news(generation, position, notes=notes):
                    position = told.position
                    yield told
                if generation.status.ended:
                    return
                waited = not await wait_for(watch.changed, _LOOK_SECONDS)
                # The first notes are told at once; who has some is shown pictures.
                if generation.status is Status.RUNNING and position.notes:
                    await asyncio.sleep(_FRAME_SECONDS)
                generation = await self._look(generation)
                # Most pieces begin at once: asking for everyone's place would cost them more than it tells.
                now = await self._placing(generation) if waited else place
                if now is not None and (place is None or now.position != place.position):
                    yield Told(position, generation, place=now)
                place = now

    async def _news(self, generation: Generation, position: Position, *, notes: bool) -> list[Told]:
        news: list[Told] = []
        if generation.status is Status.RUNNING and position.sequence < 1:
            position = Position(1, position.notes)
            news.append(Told(position, generation))
        piece = await self._composed(generation) if notes else None
        if piece is not None:
            fresh = _notes(piece, position.notes)
            if fresh:
                sequence = max(position.sequence, generation.length + 1 if generation.status.ended else 1)
                position = Position(sequence, position.notes + len(fresh))
                news.append(Told(position, generation, fresh))
        if generation.sequence > position.sequence:
            news.append(Told(Position(generation.sequence, position.notes), generation))
        return news

    async def _composed(self, generation: Generation) -> Piece | None:
        """The notes that are certain: of a piece in progress, those before its last onset."""
        if generation.midi_key is not None:
            return read_midi(await self._store.get(generation.midi_key))
        if generation.status is not Status.RUNNING:
            return None
        model = self._catalogue.find(f"{generation.model}@{generation.model_version}")
        events = self._board.events(generation.id)
        if events is None:
            async with self._database.sessions() as session:
                events = await Workers(session).live_events(generation.id, features=model.features)
        if events is None or not len(events):
            return None
        piece = model.decode(events, generation.settings, generation.prompt)
        # Later tones may join the last chord, and sort before those of it that are known. Tracks are composed one after
        # the other, so that all before the last one are known.
        onsets, tracks = piece.notes["onset"], piece.notes["track"]
        latest = tracks == tracks.max(initial=0)
        return piece.with_notes(piece.notes[~latest | (onsets < onsets[latest].max(initial=0))])

    async def _ask_to_watch(self, generation: Generation) -> None:
        if not self._board.is_open(generation.id):
            async with self._database.sessions.begin() as session:
                await Workers(session).watch(generation.id, watching=_WATCHING)
        self._changes.announce(WATCHERS)

    async def _look(self, generation: Generation) -> Generation:
        async with self._database.sessions() as session:
            found = await Generations(session).get(generation.id)
        return generation if found is None else found


def _notes(piece: Piece, first: int) -> tuple[Note, ...]:
    order = np.argsort(piece.notes["track"], kind="stable")
    notes = piece.notes[order][first:]
    onsets = piece.seconds(notes["onset"])
    durations = piece.seconds(notes["onset"] + notes["duration"]) - onsets
    columns = (np.round(onsets, 4), np.round(durations, 4), notes["pitch"], notes["velocity"])
    return tuple(zip(*(column.tolist() for column in columns), strict=True))


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Returns when the event is set or the time is over: whether it was set."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
