"""The rows of a session's batch: who holds which, how far each piece is, and its noise and events."""

from collections.abc import Iterator

import numpy as np

from euterpe_generator.engine.request import Array, Mask, Request


class Slots:
    """Occupied slots are the first `width` ones, but for those that have been freed since `compact`.

    A freed slot is taken by the next piece that joins, and only when none does is it closed by moving the last piece
    into it: at saturation nothing moves. Noise and events stay where they are; slots point to their rows.
    """

    def __init__(self, rows: int, *, reach: int, noise_size: int, features: int) -> None:
        self.rows = rows
        self.width = 0
        self._held: list[Request | None] = [None] * rows
        self._slot_of: dict[str, int] = {}
        self._freed: list[int] = []
        self._row = np.arange(rows)
        self._position = np.zeros(rows, np.int64)
        self._length = np.zeros(rows, np.int64)
        self._noise = np.zeros((rows, reach, noise_size), np.float32)
        self._events = np.zeros((rows, reach, features), np.float32)

    def __len__(self) -> int:
        return len(self._slot_of)

    def __iter__(self) -> Iterator[tuple[int, Request]]:
        return ((slot, request) for slot, request in enumerate(self._held[: self.width]) if request is not None)

    def find(self, request_id: str) -> int | None:
        """The slot that a request holds, if it holds one."""
        return self._slot_of.get(request_id)

    def position(self, slot: int) -> int:
        """Steps done of the piece in a slot."""
        return int(self._position[slot])

    def longest_left(self) -> int:
        """Steps to the end of the piece that has most of them before it."""
        return int((self._length[: self.width] - self._position[: self.width]).max())

    def take(self, request: Request, noise: Array) -> int:
        """Gives a slot to a request, with the noise of its steps [steps, noise_size]; IndexError when all are held."""
        slot = self._freed.pop() if self._freed else self.width
        self._held[slot] = request
        self.width = max(self.width, slot + 1)
        self._slot_of[request.id] = slot
        self._noise[self._row[slot], : request.steps] = noise
        self._position[slot] = 0
        self._length[slot] = request.steps
        return slot

    def free(self, slot: int) -> Request:
        """Takes a slot from its request, which is returned."""
        request = self._held[slot]
        assert request is not None, "a slot was freed twice"
        del self._slot_of[request.id]
        self._held[slot] = None
        # Nothing is left of a freed slot's piece, so that it never looks finished or far from its end.
        self._position[slot], self._length[slot] = 0, 0
        self._freed.append(slot)
        return request

    def clear(self) -> list[Request]:
        """Frees all slots and returns who held them."""
        return [self.free(slot) for slot, _ in list(self)]

    def compact(self) -> Iterator[tuple[int, int]]:
        """Closes gaps; tells which slot's piece has to be moved to which."""
        for target in sorted(self._freed):
            while self.width and self._held[self.width - 1] is None:
                self.width -= 1
            source = self.width - 1
            if target > source:
                break
            yield source, target
            self._move(source, target)
        self._freed.clear()

    def noise(self, steps: int) -> Array:
        """The noise of the next steps of all slots [steps, width, noise_size]."""
        noise: Array = self._noise[self._window(steps)].transpose(1, 0, 2)
        return noise

    def advance(self, events: Array) -> None:
        """Takes all pieces further by events [steps, width, features]."""
        self._events[self._window(len(events))] = events.transpose(1, 0, 2)
        self._position[: self.width] += len(events)

    def finished(self, early: Mask | None) -> list[int]:
        """The slots whose pieces are done: after their last step, or before it where `early` [width] says so."""
        done = self._position[: self.width] >= self._length[: self.width]
        done = done if early is None else done | early
        return [slot for slot in np.flatnonzero(done).tolist() if self._held[slot] is not None]

    def events(self, slot: int, first: int = 0) -> Array:
        """A copy of the events of a slot's piece from `first` on; what was computed past its end is not among them."""
        last = min(self._position[slot], self._length[slot])
        return self._events[self._row[slot], first:last].copy()

    def check_integrity(self) -> None:
        """Asserts what must hold between steps; raises AssertionError."""
        held = {slot for slot, _ in self}
        assert held == set(self._slot_of.values()), "a request does not know its slot"
        assert held | set(self._freed) == set(range(self.width)), "a slot leaked"
        assert len(self._freed) == len(set(self._freed)), "a slot was freed twice"
        assert sorted(self._row) == list(range(self.rows)), "two slots share a row"
        for slot, request in self:
            assert 0 <= self._position[slot] < request.steps, "a finished request holds a slot"

    def _move(self, source: int, target: int) -> None:
        request = self._held[source]
        assert request is not None, "an empty slot was moved"
        self._held[target], self._held[source] = request, None
        self._slot_of[request.id] = target
        for values in (self._position, self._length):
            values[target], values[source] = values[source], 0
        self._row[[source, target]] = self._row[[target, source]]
        self.width -= 1

    def _window(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        columns = self._position[: self.width, None] + np.arange(steps)
        return self._row[: self.width, None], columns
