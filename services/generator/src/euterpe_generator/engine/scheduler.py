"""Continuous batching for recurrent networks.

The state of a recurrent network has a fixed size, so a request may join the running batch at any step boundary and
leave it at any other; no batch is drained to admit. The scheduler is synchronous: it knows slots and requests, and
neither ONNX nor threads nor time.
"""

import numpy as np

from euterpe_generator.engine.queue import FairQueue
from euterpe_generator.engine.request import Advanced, Array, Broken, Finished, Request, Started, Stopped, Update
from euterpe_generator.engine.sampler import piece_noise
from euterpe_generator.engine.session import Session


class Scheduler:
    """Keeps the occupied slots at the front of the session's rows and takes all of them forward together.

    `chunk` is the number of steps per call while the batch is wide. A narrow batch takes longer chunks, because there
    the overhead of a call costs more than the steps that a finished piece idles through.
    """

    def __init__(self, session: Session, *, max_steps: int, chunk: int = 8, narrow_chunk: int = 32) -> None:
        self._session = session
        self._chunk = chunk
        self._narrow_chunk = narrow_chunk
        self._max_steps = max_steps
        self._waiting = FairQueue()
        self._running: list[Request] = []
        self._cancelled: set[str] = set()
        # A chunk may reach past a piece's end; those steps are computed and thrown away.
        reach = max_steps + max(chunk, narrow_chunk)
        self._position = np.zeros(session.rows, np.int64)
        self._noise = np.zeros((session.rows, reach, session.noise_size), np.float32)
        self._events = np.zeros((session.rows, reach, session.features), np.float32)

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

    def step(self) -> list[Update]:
        """Retires what was cancelled, admits what fits, and takes the batch one chunk further."""
        updates = self._retire_cancelled()
        updates += self._admit()
        if not self._running:
            return updates
        count = len(self._running)
        steps = self._chunk_length()
        reach = self._position[:count, None] + np.arange(steps)
        rows = np.arange(count)[:, None]
        try:
            events = self._session.advance(self._noise[rows, reach].transpose(1, 0, 2))
        except Exception as error:  # noqa: BLE001 - whatever the runtime raises, its requests must end
            return updates + self._break(str(error))
        self._events[rows, reach] = events.transpose(1, 0, 2)
        self._position[:count] += steps
        return updates + self._retire_finished()

    def check_integrity(self) -> None:
        """Asserts what must hold between steps; raises AssertionError."""
        ids = [request.id for request in self._running] + [request.id for request in self._waiting]
        assert len(ids) == len(set(ids)), "a request is in two places"
        assert len(self._running) <= self._session.rows, "more requests than slots"
        assert self._cancelled <= {request.id for request in self._running}, "a cancellation outlived its request"
        for slot, request in enumerate(self._running):
            assert 0 <= self._position[slot] < request.steps, "a finished request holds a slot"

    def _chunk_length(self) -> int:
        left = max(request.steps - int(self._position[slot]) for slot, request in enumerate(self._running))
        chunk = self._chunk if len(self._running) > self._session.rows // 8 else self._narrow_chunk
        return min(chunk, left)

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
            self._session.reset(slot, initial)
            self._noise[slot, : request.steps] = noise
            self._position[slot] = 0
            self._running.append(request)
            updates.append(Started(request.id))
        return updates

    def _retire_finished(self) -> list[Update]:
        updates: list[Update] = []
        for slot in reversed(range(len(self._running))):
            request = self._running[slot]
            done = int(self._position[slot])
            if done < request.steps:
                updates.append(Advanced(request.id, done))
            else:
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
        return [Broken(request.id, reason) for request in broken]

    def _composed(self, slot: int, steps: int) -> Array:
        return self._events[slot, :steps].copy()

    def _free(self, slot: int) -> None:
        last = len(self._running) - 1
        self._cancelled.discard(self._running[slot].id)
        if slot != last:
            self._session.move(last, slot)
            self._running[slot] = self._running[last]
            self._position[slot] = self._position[last]
            self._noise[slot] = self._noise[last]
            self._events[slot] = self._events[last]
        self._running.pop()
