"""Slots of a session's batch: their requests, positions, noise and events."""

from collections.abc import Iterator

import numpy as np

from euterpe_generator.engine.request import Array, Mask, Request


class Slots:
    """Occupied slots are the first `width` ones, except for those released since the last `compact`.

    A released slot is allocated to the next piece that joins. Only if none joins is the gap closed by moving the last
    piece into it, so under full load nothing is moved. Noise and events are never copied: slots point to their rows.
    """

    def __init__(self, rows: int, *, reach: int, noise_size: int, features: int) -> None:
        self.rows = rows
        self.width = 0
        self._requests: list[Request | None] = [None] * rows
        self._slot_of: dict[str, int] = {}
        self._released: list[int] = []
        self._row = np.arange(rows)
        self._position = np.zeros(rows, np.int64)
        self._length = np.zeros(rows, np.int64)
        self._noise = np.zeros((rows, reach, noise_size), np.float32)
        self._events = np.zeros((rows, reach, features), np.float32)

    def __len__(self) -> int:
        return len(self._slot_of)

    def __iter__(self) -> Iterator[tuple[int, Request]]:
        return ((slot, request) for slot, request in enumerate(self._requests[: self.width]) if request is not None)

    def find(self, request_id: str) -> int | None:
        """Return the slot of a request, if it has one."""
        return self._slot_of.get(request_id)

    def position(self, slot: int) -> int:
        """Return the number of steps done for the piece in a slot."""
        return int(self._position[slot])

    def max_remaining_steps(self) -> int:
        """Return the largest number of remaining steps of any piece."""
        return int((self._length[: self.width] - self._position[: self.width]).max())

    def allocate(self, request: Request, noise: Array) -> int:
        """Assign a slot to a request, with its noise [steps, noise_size]. Raises IndexError if none is free."""
        slot = self._released.pop() if self._released else self.width
        self._requests[slot] = request
        self.width = max(self.width, slot + 1)
        self._slot_of[request.id] = slot
        self._noise[self._row[slot], : request.steps] = noise
        self._position[slot] = 0
        self._length[slot] = request.steps
        return slot

    def release(self, slot: int) -> Request:
        """Free a slot and return its request."""
        request = self._requests[slot]
        assert request is not None, "a slot was released twice"
        del self._slot_of[request.id]
        self._requests[slot] = None
        # Zero, so that an empty slot neither looks finished nor extends the chunk.
        self._position[slot], self._length[slot] = 0, 0
        self._released.append(slot)
        return request

    def clear(self) -> list[Request]:
        """Release all slots and return their requests."""
        return [self.release(slot) for slot, _ in list(self)]

    def compact(self) -> Iterator[tuple[int, int]]:
        """Close gaps; yield (source, target) for each piece that the session has to move."""
        for target in sorted(self._released):
            while self.width and self._requests[self.width - 1] is None:
                self.width -= 1
            source = self.width - 1
            if target > source:
                break
            yield source, target
            self._move(source, target)
        self._released.clear()

    def noise(self, steps: int) -> Array:
        """Return the noise of the next steps of all slots [steps, width, noise_size]."""
        noise: Array = self._noise[self._window(steps)].transpose(1, 0, 2)
        return noise

    def advance(self, events: Array) -> None:
        """Append events [steps, width, features] to all pieces."""
        self._events[self._window(len(events))] = events.transpose(1, 0, 2)
        self._position[: self.width] += len(events)

    def finished(self, ended_early: Mask | None) -> list[int]:
        """Return the slots of complete pieces: after their last step, or before it where `ended_early` [width]."""
        done = self._position[: self.width] >= self._length[: self.width]
        done = done if ended_early is None else done | ended_early
        return [slot for slot in np.flatnonzero(done).tolist() if self._requests[slot] is not None]

    def events(self, slot: int, first: int = 0) -> Array:
        """Copy the events of a piece from `first` on, without those computed after its last step."""
        last = min(self._position[slot], self._length[slot])
        return self._events[self._row[slot], first:last].copy()

    def check_integrity(self) -> None:
        """Check the invariants that hold between steps. Raises AssertionError."""
        occupied = {slot for slot, _ in self}
        assert occupied == set(self._slot_of.values()), "a request does not know its slot"
        assert occupied | set(self._released) == set(range(self.width)), "a slot leaked"
        assert len(self._released) == len(set(self._released)), "a slot was released twice"
        assert sorted(self._row) == list(range(self.rows)), "two slots share a row"
        for slot, request in self:
            assert 0 <= self._position[slot] < request.steps, "a finished request has a slot"

    def _move(self, source: int, target: int) -> None:
        request = self._requests[source]
        assert request is not None, "an empty slot was moved"
        self._requests[target], self._requests[source] = request, None
        self._slot_of[request.id] = target
        for values in (self._position, self._length):
            values[target], values[source] = values[source], 0
        self._row[[source, target]] = self._row[[target, source]]
        self.width -= 1

    def _window(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        columns = self._position[: self.width, None] + np.arange(steps)
        return self._row[: self.width, None], columns
