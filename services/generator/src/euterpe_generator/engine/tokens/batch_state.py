"""What the parts of pieces are told and may choose: one entry per row, read through the lanes that compose it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_generator.engine.tokens.plan import Part, Tokens

#: The longest window of the repetition penalty, in steps.
WINDOW = 64


class PartTable:
    """Columns over rows, filled in when a part begins. Those of tokens grow with the longest part so far."""

    def __init__(self, sizes: tuple[int, ...], columns: int) -> None:
        streams, total = len(sizes), sum(sizes)
        self._sizes, self._total = sizes, total
        self.parts: dict[int, tuple[int, Part]] = {}
        self.number = np.zeros(0, np.int64)
        self.end = np.zeros(0, np.int64)
        self.steps = np.zeros(0, np.int64)
        self.unit = np.ones(0, np.int64)
        self.penalty = np.ones(0, np.float32)
        self.window = np.zeros(0, np.int64)
        self.searched = np.zeros(0, np.bool_)
        self.bias = np.zeros((0, total), np.float32)
        self.opening = np.zeros((0, total), np.float32)
        self.exempt = np.zeros((0, total), np.bool_)
        self.durations = np.ones((0, sizes[-1]), np.int64)
        self.given = np.full((0, 0, streams), -1, np.int64)
        self.conditions = np.zeros((0, 1, columns), np.int64)
        self.past = np.zeros((0, 0, streams), np.int64)

    def write(self, row: int, number: int, part: Part, before: Sequence[Tokens]) -> None:
        """Fills in a row for the `number`-th part of its piece; `before` are the tokens of the parts before."""
        self.parts[row] = (number, part)
        streams = len(self._sizes)
        table = (
            np.zeros((1, self.conditions.shape[2]), np.int64) if part.conditions is None else part.conditions(before)
        )
        self._put("number", row, number)
        self._put("end", row, part.end)
        self._put("steps", row, part.steps)
        self._put("unit", row, part.unit)
        self._put("penalty", row, part.choosing.repetition_penalty)
        self._put("window", row, min(part.choosing.repetition_window, WINDOW))
        self._put("searched", row, part.choosing.beam_width > 1)
        self._put("bias", row, np.where(part.legal, 0, -np.inf))
        self._put("opening", row, np.where(part.opening, 0, -np.inf))
        self._put("exempt", row, part.exempt)
        self._put("durations", row, 1 if part.durations is None else part.durations)
        self._put("given", row, part.given.reshape(-1, streams))
        # Behind its end a part stays where it ended.
        self._put("conditions", row, table, fill=table[-1])
        self._put("past", row, np.zeros((part.steps, streams), np.int64))

    def move(self, source: int, target: int) -> None:
        """Copies a row over another."""
        self.parts[target] = self.parts.pop(source)
        for name, column in vars(self).items():
            if isinstance(column, np.ndarray):
                self._put(name, target, column[source].copy())

    @property
    def longest_duration(self) -> int:
        """Time units of the longest token of any part; 0 when all take one."""
        timed = [part.durations for _, part in self.parts.values() if part.durations is not None]
        return max((int(durations.max()) for durations in timed), default=0)

    @property
    def shortest_duration(self) -> int:
        """Time units of the shortest token of any part."""
        timed = [part.durations for _, part in self.parts.values() if part.durations is not None]
        return min((int(durations[durations > 0].min()) for durations in timed), default=1)

    def _put(self, name: str, row: int, value: Any, fill: Any = -1) -> None:
        column: NDArray[Any] = getattr(self, name)
        value = np.asarray(value)
        shape = [max(row + 1, column.shape[0]), *column.shape[1:]]
        if column.ndim == 3:
            shape[1] = max(column.shape[1], len(value))
        if tuple(shape) != column.shape:
            grown = np.zeros(shape, column.dtype)
            if name == "given":
                grown[:] = -1
            grown[tuple(slice(size) for size in column.shape)] = column
            setattr(self, name, grown)
            column = grown
        if column.ndim == 3:
            column[row, : len(value)] = value
            column[row, len(value) :] = fill
        else:
            column[row] = value
