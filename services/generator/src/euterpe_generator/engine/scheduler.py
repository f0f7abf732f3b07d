"""Continuous batching for recurrent networks.

The state of a recurrent network has a fixed size, so a request may join the running batch at any step boundary and
leave it at any other; no batch is drained to admit. The scheduler is synchronous: it knows slots, requests and a
clock that it is given, and neither ONNX nor threads.
"""

import time
from collections.abc import Callable

import numpy as np

from euterpe_generator.engine.noise import piece_noise
from euterpe_generator.engine.queue import FairQueue
from euterpe_generator.engine.request import Advanced, Array, Broken, Finished, Request, Started, Stopped, Update
from euterpe_generator.engine.session import Session
from euterpe_generator.engine.slots import Slots


class Scheduler:
    """Takes all requests that hold slots forward together.

    A call takes as many steps as fit into `chunk_seconds` at the pace of the calls before it, within `chunk_steps`.
    Longer chunks spread the overhead of a call; shorter ones let requests join and leave sooner, and waste fewer of
    the steps that a piece idles through after its end.
    """

    def __init__(
        self,
        session: Session,
        *,
        max_steps: int,
        chunk_seconds: float = 0.008,
        chunk_steps: tuple[int, int] = (8, 64),
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
        self._cancelled: set[str] = set()
        # A chunk may reach past a piece's end; those steps are computed and thrown away.
        reach = max_steps + chunk_steps[1]
        self._slots = Slots(session.rows, reach=reach, noise_size=session.noise_size, features=session.features)

    @property
    def slots(self) -> int:
        """Requests that can run at the same time."""
        return self._session.rows

    @property
    def running(self) -> int:
        """Requests that hold a slot."""
        return len(self._slots)

    @property
    def waiting(self) -> int:
        """Requests that wait for one."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._slots and not self._waiting

    def submit(self, request: Request) -> None:
        """Queues a request. Raises ValueError when its length cannot be served."""
        if not 1 <= request.steps <= self._max_steps:
            raise ValueError(f"steps must be between 1 and {self._max_steps}, not {request.steps}")
        self._waiting.push(request)

    def cancel(self, request_id: str) -> list[Update]:
        """Cancels a request: at once while it waits, at the next step boundary while it runs."""
        if self._waiting.remove(request_id):
            self._watched.discard(request_id)
            return [Stopped(request_id, np.zeros((0, self._session.features), np.float32))]
        if self._slots.find(request_id) is not None:
            self._cancelled.add(request_id)
        return []

    def watch(self, request_id: str) -> list[Update]:
        """From now on tells the request's events as they come, beginning with those that there are already."""
        slot = self._slots.find(request_id)
        known = slot is not None or any(request.id == request_id for request in self._waiting)
        if not known or request_id in self._watched:
            return []
        self._watched.add(request_id)
        if slot is None:
            # It is told from its first chunk on, once it has a slot.
            return []
        return [Advanced(request_id, 0, self._slots.events(slot))]

    def progress(self) -> dict[str, int]:
        """Steps done, for each request that holds a slot."""
        return {request.id: self._slots.position(slot) for slot, request in self._slots}

    def step(self) -> list[Update]:
        """Retires what was cancelled, admits what fits, and takes the batch one chunk further."""
        updates = self._retire_cancelled()
        updates += self._admit()
        for source, target in self._slots.compact():
            self._session.move(source, target)
        if not self._slots:
            return updates
        steps = self._chunk_length()
        started = self._clock()
        try:
            events = self._session.advance(self._slots.noise(steps))
        except Exception as error:  # noqa: BLE001 - whatever the runtime raises, its requests must end
            return updates + self._break(str(error))
        self._learn_pace(steps, self._clock() - started)
        self._slots.advance(events)
        return updates + self._tell_watched(steps) + self._retire_finished()

    def check_integrity(self) -> None:
        """Asserts what must hold between steps; raises AssertionError."""
        running = [request.id for _, request in self._slots]
        everywhere = running + [request.id for request in self._waiting]
        assert len(everywhere) == len(set(everywhere)), "a request is in two places"
        assert self._cancelled <= set(running), "a cancellation outlived its request"
        assert self._watched <= set(everywhere), "a watch outlived its request"
        self._slots.check_integrity()

    def _chunk_length(self) -> int:
        lowest, highest = self._chunk_steps
        pace = self._pace.get(self._slots.width)
        # An unknown width begins carefully, and knows its pace after one call.
        chunk = lowest if pace is None else int(self._chunk_seconds / max(pace, 1e-9))
        return min(max(chunk, lowest), highest, self._slots.longest_left())

    def _learn_pace(self, steps: int, seconds: float) -> None:
        width = self._slots.width
        known = self._pace.get(width, seconds / steps)
        self._pace[width] = 0.8 * known + 0.2 * seconds / steps
        self.executions += 1
        self.inferences += width
        self.steps += width * steps

    def _tell_watched(self, steps: int) -> list[Update]:
        updates: list[Update] = []
        for request_id in sorted(self._watched):
            slot = self._slots.find(request_id)
            if slot is None:
                continue
            first = self._slots.position(slot) - steps
            updates.append(Advanced(request_id, first, self._slots.events(slot, first)))
        return updates

    def _admit(self) -> list[Update]:
        updates: list[Update] = []
        while self._waiting and len(self._slots) < self._session.rows:
            request = self._waiting.pop()
            initial, noise = piece_noise(
                request.seed,
                initial_size=self._session.initial_size,
                noise_size=self._session.noise_size,
                steps=request.steps,
            )
            self._session.reset(self._slots.take(request, noise), initial, request.given)
            updates.append(Started(request.id))
        return updates

    def _retire_finished(self) -> list[Update]:
        ended = self._slots.finished(self._session.finished(self._slots.width))
        return [Finished(request_id, events) for request_id, events in map(self._retire, ended)]

    def _retire_cancelled(self) -> list[Update]:
        found = [self._slots.find(request_id) for request_id in sorted(self._cancelled)]
        return [Stopped(*self._retire(slot)) for slot in found if slot is not None]

    def _break(self, reason: str) -> list[Update]:
        # Which row broke the call is unknown, and so is the state of all of them.
        broken = self._slots.clear()
        self._cancelled.clear()
        self._watched.difference_update(request.id for request in broken)
        return [Broken(request.id, reason) for request in broken]

    def _retire(self, slot: int) -> tuple[str, Array]:
        events = self._session.piece(slot, self._slots.events(slot))
        request_id = self._slots.free(slot).id
        self._cancelled.discard(request_id)
        self._watched.discard(request_id)
        return request_id, events
