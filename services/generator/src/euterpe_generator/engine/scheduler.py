"""Continuous batching for recurrent networks.

A recurrent network has a state of fixed size, so a request can join the running batch at any step boundary and leave it
at any other, without draining the batch. The scheduler is synchronous: it knows slots, requests and an injected clock,
but neither ONNX nor threads.
"""

import time
from collections.abc import Callable

import numpy as np

from euterpe_generator.engine.candidates import Candidates
from euterpe_generator.engine.noise import piece_noise
from euterpe_generator.engine.queue import FairQueue
from euterpe_generator.engine.request import Advanced, Array, Cancelled, Failed, Finished, Request, Started, Update
from euterpe_generator.engine.session import Session
from euterpe_generator.engine.slots import Slots


class Scheduler:
    """Runs all requests that have slots as one batch.

    A call of the session takes as many steps as fit into `chunk_seconds` at the measured speed, within the limits
    `chunk_steps`. Longer chunks spread the overhead of a call; shorter ones let requests join and leave sooner, and
    waste fewer steps after the end of a piece.
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
        #: Batch width → seconds per step, a moving average over the calls of that width.
        self._seconds_per_step: dict[int, float] = {}
        self._watched: set[str] = set()
        self._candidates = Candidates()
        #: Calls of the session, rows summed over these calls (the quotient is the batch size), and events composed.
        self.executions = self.inferences = self.steps = 0
        self._waiting = FairQueue()
        self._cancelled: set[str] = set()
        # A chunk may extend past the end of a piece; those steps are computed and discarded.
        reach = max_steps + chunk_steps[1]
        self._slots = Slots(session.rows, reach=reach, noise_size=session.noise_size, features=session.features)

    @property
    def slots(self) -> int:
        """Maximum number of running requests."""
        return self._session.rows

    @property
    def running(self) -> int:
        """Requests that have a slot."""
        return len(self._slots)

    @property
    def waiting(self) -> int:
        """Requests that wait for a slot."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether no request is running or waiting."""
        return not self._slots and not self._waiting

    def submit(self, request: Request) -> None:
        """Queue a request. Raises ValueError if its number of steps is out of range."""
        if not 1 <= request.steps <= self._max_steps:
            raise ValueError(f"steps must be between 1 and {self._max_steps}, got {request.steps}")
        for candidate in self._candidates.split(request):
            self._waiting.push(candidate)

    def cancel(self, request_id: str) -> list[Update]:
        """Cancel a request: at once while it waits, at the next step boundary while it runs."""
        members = self._candidates.members(request_id)
        if members is None:
            return self._cancel(request_id)
        cancelled = [update for member in members for update in self._cancel(member)]
        return self._candidates.merge(cancelled, self._cancel)

    def _cancel(self, request_id: str) -> list[Update]:
        if self._waiting.remove(request_id):
            self._watched.discard(request_id)
            return [Cancelled(request_id, np.zeros((0, self._session.features), np.float32))]
        if self._slots.find(request_id) is not None:
            self._cancelled.add(request_id)
        return []

    def watch(self, request_id: str) -> list[Update]:
        """Return the request's events so far, and from now on include its new events in the updates of each step.

        A request for the best of several candidates has no events before its end.
        """
        slot = self._slots.find(request_id)
        known = slot is not None or any(request.id == request_id for request in self._waiting)
        if not known or request_id in self._watched:
            return []
        self._watched.add(request_id)
        # A waiting request has no events yet; they follow once it has a slot.
        return [] if slot is None else [Advanced(request_id, 0, self._slots.events(slot))]

    def progress(self) -> dict[str, int]:
        """Return the steps done of each request that has a slot."""
        steps = {
            request.id: self._session.progress(slot, self._slots.position(slot), request.steps)
            for slot, request in self._slots
        }
        return self._candidates.merge_progress(steps)

    def step(self) -> list[Update]:
        """Remove cancelled requests, admit waiting ones, and run the batch for one chunk."""
        return self._candidates.merge(self._step(), self._cancel)

    def _step(self) -> list[Update]:
        updates = self._remove_cancelled()
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
            return updates + self._fail_all(str(error))
        self._record_duration(steps, self._clock() - started)
        self._slots.advance(events)
        return updates + self._watched_updates(steps) + self._remove_finished()

    def check_integrity(self) -> None:
        """Check the invariants that hold between steps. Raises AssertionError."""
        running = [request.id for _, request in self._slots]
        known = running + [request.id for request in self._waiting]
        assert len(known) == len(set(known)), "a request is in two places"
        assert self._cancelled <= set(running), "a cancellation outlived its request"
        assert self._watched <= set(known), "a watch outlived its request"
        self._slots.check_integrity()

    def _chunk_length(self) -> int:
        lowest, highest = self._chunk_steps
        seconds = self._seconds_per_step.get(self._slots.width)
        # The first call of a new width takes the minimum, to measure its speed.
        chunk = lowest if seconds is None else int(self._chunk_seconds / max(seconds, 1e-9))
        return min(max(chunk, lowest), highest, self._slots.max_remaining_steps())

    def _record_duration(self, steps: int, seconds: float) -> None:
        width = self._slots.width
        average = self._seconds_per_step.get(width, seconds / steps)
        self._seconds_per_step[width] = 0.8 * average + 0.2 * seconds / steps
        self.executions += 1
        self.inferences += width
        self.steps += width * steps

    def _watched_updates(self, steps: int) -> list[Update]:
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
            updates.append(self._start(self._waiting.pop()))
        return updates

    def _start(self, request: Request) -> Update:
        try:
            initial, noise = piece_noise(
                request.seed,
                initial_size=self._session.initial_size,
                noise_size=self._session.noise_size,
                steps=request.steps,
            )
            self._session.reset(self._slots.allocate(request, noise), initial, request.inputs)
        except Exception as error:  # noqa: BLE001 - inputs that the session rejects fail their own request only
            slot = self._slots.find(request.id)
            if slot is not None:
                self._slots.release(slot)
            self._watched.discard(request.id)
            return Failed(request.id, str(error))
        return Started(request.id)

    def _remove_finished(self) -> list[Update]:
        ended = self._slots.finished(self._session.finished(self._slots.width))
        return [self._remove(slot, Finished) for slot in ended]

    def _remove_cancelled(self) -> list[Update]:
        found = [self._slots.find(request_id) for request_id in sorted(self._cancelled)]
        return [self._remove(slot, Cancelled) for slot in found if slot is not None]

    def fail_all(self, reason: str) -> list[Update]:
        """End all running requests with Failed; waiting ones stay."""
        return self._candidates.merge(self._fail_all(reason), self._cancel)

    def _fail_all(self, reason: str) -> list[Update]:
        # It is unknown which row caused the failure, and the state of every row is undefined.
        failed = self._slots.clear()
        self._cancelled.clear()
        self._watched.difference_update(request.id for request in failed)
        return [Failed(request.id, reason) for request in failed]

    def _remove(self, slot: int, outcome: type[Finished] | type[Cancelled]) -> Update:
        events: Array | None = None
        reason, score = "", 0.0
        try:
            events = self._session.final_events(slot, self._slots.events(slot))
            score = self._session.score(slot, events)
        except Exception as error:  # noqa: BLE001 - it must not end the others of this step
            reason = str(error)
        request_id = self._slots.release(slot).id
        self._cancelled.discard(request_id)
        self._watched.discard(request_id)
        if events is None:
            return Failed(request_id, reason)
        return Finished(request_id, events, score) if outcome is Finished else Cancelled(request_id, events)
