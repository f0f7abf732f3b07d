"""A recurrent state of the rows in a batch, kept where the graph runs."""

from typing import Any

import numpy as np
import onnxruntime as ort
from euterpe_music.manifest import GraphInfo, StatePair

from euterpe_generator.engine.request import Array


class State:
    """One state in the graph's own layout, with the rows along the axis that the graph leaves open.

    What the graph gave out is what it gets next, without a copy and, on a GPU, without leaving it, for as long as the
    same rows go on. A row that is written or moved brings the state to the host until the next call.
    """

    def __init__(self, pair: StatePair, graph: GraphInfo, *, rows: int, device: str) -> None:
        axes = graph.input(pair.input).axes
        self.pair = pair
        self._device = device
        self._axis = next(position for position, size in enumerate(axes) if isinstance(size, str))
        self._shape = [0 if isinstance(size, str) else size for size in axes]
        self._most = rows
        self.row_size = int(np.prod([size for size in self._shape if size]))
        #: One of them holds the state, the other is None.
        self._values: Array | None = self._sized(1)
        self._kept: Any = None

    def write(self, row: int, values: Array | float) -> None:
        """Sets a row, from [row_size] floats or to one value."""
        here = self._on_host()
        width = here.shape[self._axis]
        if row >= width:
            here = self._resize(min(self._most, max(row + 1, 2 * width)))
        target = here[self._at(row)]
        target[...] = values if isinstance(values, float) else values.reshape(target.shape)

    def move(self, source: int, target: int) -> None:
        """Copies a row over another."""
        here = self._on_host()
        here[self._at(target)] = here[self._at(source)]

    def feed(self, width: int) -> Any:
        """The first rows as an OrtValue where the graph runs."""
        if self._kept is not None and self._kept.shape()[self._axis] == width:
            return self._kept
        here = self._on_host()
        if here.shape[self._axis] != width:
            here = self._resize(width)
        return ort.OrtValue.ortvalue_from_numpy(here, self._device)

    def keep(self, output: Any) -> None:
        """Takes over what the graph gave out, an OrtValue."""
        self._kept, self._values = output, None

    def rows(self, width: int) -> Array:
        """A copy of the first rows [width, row_size]."""
        here = self._on_host()[self._at(slice(width))]
        return np.moveaxis(here, self._axis, 0).reshape(width, self.row_size).copy()

    def _on_host(self) -> Array:
        if self._values is None:
            self._values, self._kept = self._kept.numpy(), None
        return self._values

    def _resize(self, width: int) -> Array:
        here = self._on_host()
        kept = min(width, here.shape[self._axis])
        resized = self._sized(width)
        resized[self._at(slice(kept))] = here[self._at(slice(kept))]
        self._values = resized
        return resized

    def _sized(self, width: int) -> Array:
        return np.zeros(
            [width if position == self._axis else size for position, size in enumerate(self._shape)], np.float32
        )

    def _at(self, rows: int | slice) -> tuple[int | slice, ...]:
        return (*[slice(None)] * self._axis, rows)
