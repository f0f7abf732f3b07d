"""A session without a network, for tests of the scheduler: each event is a known function of the piece's history."""

from typing import Any

import numpy as np

from euterpe_generator.engine.request import Array, Mask


class FakeSession:
    """Each feature of an event is the previous event's plus the step's first noise value.

    A row that was not reset, was moved to the wrong place or missed a step returns events that differ from `expected`.
    """

    features = 2
    initial_size = 2
    noise_size = 4

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.calls: list[tuple[int, int]] = []
        self.fail_next = False
        self._previous = np.full((rows, self.features), np.nan, np.float32)

    def reset(self, row: int, initial: Array, inputs: Any = None) -> None:
        """See Session."""
        self._previous[row] = initial if inputs is None else initial + inputs

    def move(self, source: int, target: int) -> None:
        """See Session."""
        self._previous[target] = self._previous[source]
        self._previous[source] = np.nan

    def advance(self, noise: Array) -> Array:
        """See Session."""
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("fail_next was set")
        steps, width, _ = noise.shape
        self.calls.append((steps, width))
        events = self.expected(self._previous[:width], noise)
        self._previous[:width] = events[-1]
        return events

    def finished(self, width: int) -> Mask | None:  # noqa: ARG002 - part of the protocol
        """See Session."""
        return None

    def progress(self, row: int, steps: int, total: int) -> int:  # noqa: ARG002 - part of the protocol
        """See Session."""
        return steps

    def score(self, row: int, events: Array) -> float:  # noqa: ARG002
        """See Session: the first feature of the last event."""
        return float(self._previous[row, 0])

    def final_events(self, row: int, events: Array) -> Array:  # noqa: ARG002
        """See Session."""
        return events

    @staticmethod
    def expected(previous: Array, noise: Array) -> Array:
        """Return the events that follow `previous` [n, features] for `noise` [k, n, noise_size]."""
        events = np.empty((len(noise), *previous.shape), np.float32)
        for step, step_noise in enumerate(noise):
            previous = previous + step_noise[:, :1]
            events[step] = previous
        return events
