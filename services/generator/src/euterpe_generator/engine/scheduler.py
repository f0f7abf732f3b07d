"""Continuous batching for recurrent networks.

The state of a recurrent network has a fixed size, so a request may join the running batch at any step boundary and
leave it at any other; no batch is drained to admit. The scheduler is synchronous: it knows slots, requests and a
clock that it is given, and neither ONNX nor threads.
"""

import time
from collections.abc import Callable

import numpy as np

from euterpe_generator.engine.queue import FairQueue
from euterpe_generator.engine.request import Advanced, Array, Broken, Finished, Request, Started, Stopped, Update
from euterpe_generator.engine.sampler import piece_noise
from euterpe_generator.engine.session import Session


class Scheduler:
    """Keeps the occupied slots at the front of the session's rows and takes all of them forward together.

    A call takes as many steps as fit into `chunk_seconds` at the pace of the calls before it, within `chunk_steps`.
    Longer chunks spread the overhead of a call; shorter ones let requests join and leave sooner, and waste fewer of
    the steps that a piece idles through after its end.
    """

    def __init__(
        self,
        session: Session,
        *,
        max_steps: int,
        chunk_seconds: float = 0.004,
        chunk_steps: tuple[int, int] = (4, 64),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._session = session
        self._max_steps = max_steps
        self._chunk_seconds = chunk_seconds
        self._chunk_steps = chunk_steps
        self._clock = clock
        #: Width of the batch → seconds per step, a moving average over the calls of that width.
        self._pace: dict[int, float] = {}
        self._watched: set[str] = set()
        #: Calls of the session, rows summed over them (so that their quotient is the batch size), events composed.
        self.executions = self.inferences = self.steps = 0
        self._waiting = FairQueue()
        self._running: list[Request] = []
        self._cancelled: set[str] = set()
        # A chunk may reach past a piece's end; those steps are computed and thrown away.
        reach = max_steps + chunk_steps[1]
        self._position = np.zeros(session.rows, np.int64)
        self._length = np.zeros(session.rows, np.int64)
        self._noise = np.zeros((session.rows, reach, session.noise_size), np.float32)
        self._events = np.zeros((session.rows, reach, session.features), np.float32)

    @property
    def slots(self) -> int:
        """Requests that can run at the same time."""
        return self._session.rows

    @property
    def running(self) -> int:
        """Requests that hold a slot."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Requests that wait for one."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._running and not self._waiting

    def submit(self, request: Request) -> None:
        """Queues a request. Raises ValueError when its length cannot be served."""
        if not 1 <= request.steps <= self._max_steps:
            raise ValueError(f"steps must be between 1 and {self._max_steps}, not {request.steps}")
        self._waiting.push(request)

    def cancel(self, request_id: str) -> list[Update]:
        """Cancels a request: at once while it waits, at the next step boundary while it runs."""
        if self._waiting.remove(request_id):
            return [Stopped(request_id, np.zeros((0, self._session.features), np.float32))]
        if any(request.id == request_id for request in self._running):
            self._cancelled.add(request_id)
        return []

    def watch(self, request_id: str) -> list[Update]:
        """From now on tells the request's events as they come, beginning with those that there are already."""
        for slot, request in enumerate(self._running):
            if request.id == request_id and request_id not in self._watched:
                self._watched.add(request_id)
                return [Advanced(request_id, 0, self._composed(slot, int(self._position[slot])))]
        return []

    def progress(self) -> dict[str, int]:
        """Steps done, for each request that holds a slot."""
        return {request.id: int(self._position[slot]) for slot, request in enumerate(self._running)}

    def step(self) -> list[Update]:
        """Retires what was cancelled, admits what fits, and takes the batch one chunk further."""
        updates = self._retire_cancelled()
        updates += self._admit()
        if not self._running:
            return updates
        count = len(self._running)
        steps = self._chunk_length(count)
        reach = self._position[:count, None] + np.arange(steps)
        rows = np.arange(count)[:, None]
        started = self._clock()
        try:
            events = self._session.advance(self._noise[rows, reach].transpose(1, 0, 2))
        except Exception as error:  # noqa: BLE001 - whatever the runtime raises, its requests must end
            return updates + self._break(str(error))
        self._learn_pace(count, steps, self._clock() - started)
        self._events[rows, reach] = events.transpose(1, 0, 2)
        self._position[:count] += steps
        return updates + self._tell_watched(steps) + self._retire_finished()

    def check_integrity(self) -> None:
        """Asserts what must hold between steps; raises AssertionError."""
        ids = [request.id for request in self._running] + [request.id for request in self._waiting]
        assert len(ids) == len(set(ids)), "a request is in two places"
        assert len(self._running) <= self._session.rows, "more requests than slots"
        running = {request.id for request in self._running}
        assert self._cancelled <= running, "a cancellation outlived its request"
        assert self._watched <= running, "a watch outlived its request"
        for slot, request in enumerate(self._running):
            assert 0 <= self._position[slot] < request.steps, "a finished request holds a slot"

    def _chunk_length(self, width: int) -> int:
        lowest, highest = self._chunk_steps
        pace = self._pace.get(width)
        # An unknown width begins carefully, and knows its pace after one call.
        chunk = lowest if pace is None else int(self._chunk_seconds / max(pace, 1e-9))
        left = int((self._length[:width] - self._position[:width]).max())
        return min(max(chunk, lowest), highest, left)

    def _learn_pace(self, width: int, steps: int, seconds: float) -> None:
        known = self._pace.get(width, seconds / steps)
        self._pace[width] = 0.8 * known + 0.2 * seconds / steps
        self.executions += 1
        self.inferences += width
        self.steps += width * steps

    def _tell_watched(self, steps: int) -> list[Update]:
        updates: list[Update] = []
        for slot, request in enumerate(self._running if self._watched else ()):
            if request.id in self._watched:
                end = min(int(self._position[slot]), request.steps)
                start = int(self._position[slot]) - steps
                updates.append(Advanced(request.id, start, self._events[slot, start:end].copy()))
        return updates

    def _admit(self) -> list[Update]:
        updates: list[Update] = []
        while self._waiting and len(self._running) < self._session.rows:
            request = self._waiting.pop()
            slot = len(self._running)
            initial, noise = piece_noise(
                request.seed,
                initial_size=self._session.initial_size,
                noise_size=self._session.noise_size,
                steps=request.steps,
            )
            self._session.reset(slot, initial, request.given)
            self._noise[slot, : request.steps] = noise
            self._position[slot] = 0
            self._length[slot] = request.steps
            self._running.append(request)
            updates.append(Started(request.id))
        return updates

    def _retire_finished(self) -> list[Update]:
        updates: list[Update] = []
        count = len(self._running)
        finished = np.flatnonzero(self._position[:count] >= self._length[:count])
        for slot in map(int, finished[::-1]):
            request = self._running[slot]
            updates.append(Finished(request.id, self._composed(slot, request.steps)))
            self._free(slot)
        return updates

    def _retire_cancelled(self) -> list[Update]:
        updates: list[Update] = []
        for slot in reversed(range(len(self._running)) if self._cancelled else ()):
            request = self._running[slot]
            if request.id in self._cancelled:
                updates.append(Stopped(request.id, self._composed(slot, int(self._position[slot]))))
                self._free(slot)
        return updates

    def _break(self, reason: str) -> list[Update]:
        # Which row broke the call is unknown, and so is the state of all of them.
        broken = self._running
        self._running = []
        self._cancelled.clear()
        self._watched.clear()
        return [Broken(request.id, reason) for request in broken]

    def _composed(self, slot: int, steps: int) -> Array:
        return self._events[slot, :steps].copy()

    def _free(self, slot: int) -> None:
        last = len(self._running) - 1
        self._cancelled.discard(self._running[slot].id)
        self._watched.discard(self._running[slot].id)
        if slot != last:
            self._session.move(last, slot)
            self._running[slot] = self._running[last]
            self._position[slot] = self._position[last]
            self._length[slot] = self._length[last]
            self._noise[slot] = self._noise[last]
            self._events[slot] = self._events[last]
        self._running.pop()
