"""A session without a network, for tests of the scheduler: an event is a known function of the piece's history."""

from typing import Any

import numpy as np

from euterpe_generator.engine.request import Array, Mask


class FakeSession:
    """Each feature of an event is the previous event's plus the step's first noise value.

    A row that was not reset, was moved wrongly, or missed a step gives wrong events, which `expected` shows.
    """

    features = 2
    initial_size = 2
    noise_size = 4

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.calls: list[tuple[int, int]] = []
        self.fail_next = False
        self._previous = np.full((rows, self.features), np.nan, np.float32)

    def reset(self, row: int, initial: Array, given: Any = None) -> None:
        """See Session."""
        self._previous[row] = initial if given is None else initial + given

    def move(self, source: int, target: int) -> None:
        """See Session."""
        self._previous[target] = self._previous[source]
        self._previous[source] = np.nan

    def advance(self, noise: Array) -> Array:
        """See Session."""
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("the fake session was told to fail")
        steps, used, _ = noise.shape
        self.calls.append((steps, used))
        events = self.expected(self._previous[:used], noise)
        self._previous[:used] = events[-1]
        return events

    def finished(self, used: int) -> Mask | None:  # noqa: ARG002 - of the protocol
        """See Session."""
        return None

    def piece(self, row: int, events: Array) -> Array:  # noqa: ARG002
        """See Session."""
        return events

    @staticmethod
    def expected(previous: Array, noise: Array) -> Array:
        """The events that follow `previous` [n, features] under `noise` [k, n, noise_size]."""
        events = np.empty((len(noise), *previous.shape), np.float32)
        for step, drawn in enumerate(noise):
            previous = previous + drawn[:, :1]
            events[step] = previous
        return events
