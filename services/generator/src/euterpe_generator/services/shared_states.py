"""State of all streamed generations of this process, read together: idle streams cost no query each."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from euterpe_service_kit.database import Database

from euterpe_generator.domain.clock import Clock
from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.domain.queue import QueuePosition
from euterpe_generator.storage.generations import GenerationRepository, RowState
from euterpe_generator.storage.workers import WorkerRepository

#: Age of the states at which they are read again; half the interval at which a stream asks.
_MAX_AGE_SECONDS: Final = 0.5
#: Queue positions are counted up to this one.
_MAX_POSITION: Final = 1_000
_RECENT: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class StreamState:
    """The state of a row, and its position if it is queued: where neither changes, a stream reads no generation."""

    row: RowState
    queue_position: QueuePosition | None

    def differs_from(self, generation: Generation) -> bool:
        """Whether the row has changed since the generation was read."""
        return self.row != RowState(generation.status, generation.attempt, generation.steps)


class SharedStates:
    """Reads the states of the watched generations with two statements, at most twice a second."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._watched: Counter[uuid.UUID] = Counter()
        self._states: dict[uuid.UUID, StreamState] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, generation_id: uuid.UUID) -> Iterator[None]:
        """Include a generation in the reads."""
        self._watched[generation_id] += 1
        try:
            yield
        finally:
            self._watched[generation_id] -= 1
            if not self._watched[generation_id]:
                del self._watched[generation_id]
                self._states.pop(generation_id, None)

    async def latest(self, generation_id: uuid.UUID) -> StreamState | None:
        """Return the state of a watched generation, at most half a second old; None if it does not exist any more."""
        if self._clock.monotonic() - self._read_at >= _MAX_AGE_SECONDS:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read(), name="stream-states")
            # A stream that is closed must not cancel the read of the others.
            await asyncio.shield(self._reading)
        return self._states.get(generation_id)

    async def _read(self) -> None:
        try:
            read_at, ids = self._clock.monotonic(), list(self._watched)
            async with self._database.sessions() as session:
                repository = GenerationRepository(session)
                rows = await repository.states(ids)
                queued = [one for one, row in rows.items() if row.status is Status.QUEUED]
                positions = await repository.positions(queued, at_most=_MAX_POSITION) if queued else {}
                throughput = await WorkerRepository(session).ended_per_second(recent=_RECENT) if positions else 0.0
            self._states = {
                one: StreamState(row, _position(positions.get(one), throughput)) for one, row in rows.items()
            }
            self._read_at = read_at
        finally:
            self._reading = None


def _position(position: int | None, ended_per_second: float) -> QueuePosition | None:
    if position is None:
        return None
    return QueuePosition(position, position / ended_per_second if ended_per_second else None)
