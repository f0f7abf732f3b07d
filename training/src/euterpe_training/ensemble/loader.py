"""Batches for training with states that are carried on: each row of the batch reads one example after another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from euterpe_training.ensemble.config import CHUNK
from euterpe_training.ensemble.dataset import Example

Chunk = tuple[Example, int]


@dataclass(frozen=True)
class Batch:
    """A window of all rows: inputs and targets as int64, and per chunk `statics` and `keep` (0 where one begins)."""

    values: Tensor
    echoes: Tensor
    statics: Tensor
    keep: Tensor
    history: Tensor
    targets: Tensor
    counts: Tensor
    events: int

    def to(self, device: torch.device) -> "Batch":
        """Move the tensors to a device."""
        names = ("values", "echoes", "statics", "keep", "history", "targets", "counts")
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in names})


class Loader:
    """Cuts numbered examples into windows of `steps` rows; every example starts at a chunk's start.

    `examples` yields (number, example); `places`, the state to resume from, lists for each row of the batch the number
    of the example that it reads and where. An iterator to resume with yields those examples first, in order of rows.
    `drawn` is the number of the next new example.
    """

    def __init__(
        self,
        examples: Iterator[tuple[int, Example]],
        batch: int,
        steps: int,
        places: Sequence[tuple[int, int] | None] = (),
        drawn: int = 0,
    ) -> None:
        if steps % CHUNK:
            raise ValueError(f"steps must be a multiple of {CHUNK}, got {steps}")
        self._examples, self._batch, self._steps = examples, batch, steps
        self._current: list[tuple[int, Example, int] | None] = [None] * batch
        self.drawn = drawn
        for row, place in enumerate(places):
            if place is not None:
                number, example = next(examples)
                self._current[row] = (number, example, place[1])

    @property
    def places(self) -> list[tuple[int, int] | None]:
        """Where each row of the batch reads: number of its example and row in it."""
        return [current and (current[0], current[2]) for current in self._current]

    def next(self) -> Batch | None:
        """Return the next window, or None when no row has anything left."""
        chunks = self._steps // CHUNK
        rows = [[self._chunk(row) for _ in range(chunks)] for row in range(self._batch)]
        present = [chunk for row in rows for chunk in row if chunk is not None]
        if not present:
            return None
        sample = present[0][0]
        keep = torch.tensor([[0.0 if chunk is None or chunk[1] == 0 else 1.0 for chunk in row] for row in rows])
        statics = np.zeros((self._batch, chunks, len(sample.statics)), dtype=np.int64)
        for number, row in enumerate(rows):
            for position, chunk in enumerate(row):
                if chunk is not None:
                    statics[number, position] = chunk[0].statics
        values, echoes, history, targets, counts = (
            self._window(rows, name, getattr(sample, name))
            for name in ("values", "echoes", "history", "targets", "counts")
        )
        events = sum(min(CHUNK, len(example) - begin) for example, begin in present)
        return Batch(values, echoes, torch.from_numpy(statics), keep, history, targets, counts.bool(), events)

    def _chunk(self, row: int) -> Chunk | None:
        current = self._current[row]
        if current is None:
            number, example = next(self._examples, (-1, None))
            if example is None:
                return None
            current = (number, example, 0)
            self.drawn = number + 1
        number, example, begin = current
        end = begin + CHUNK
        self._current[row] = (number, example, end) if end < len(example) else None
        return example, begin

    def _window(self, rows: list[list[Chunk | None]], name: str, sample: np.ndarray) -> Tensor:
        stacked = np.zeros((self._batch, self._steps, *sample.shape[1:]), dtype=np.int64)
        for number, row in enumerate(rows):
            for position, chunk in enumerate(row):
                if chunk is not None:
                    part = getattr(chunk[0], name)[chunk[1] : chunk[1] + CHUNK]
                    stacked[number, position * CHUNK : position * CHUNK + len(part)] = part
        return torch.from_numpy(stacked)
