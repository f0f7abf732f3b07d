"""A recurrent state of all rows of a batch, kept on the device of the graph."""

from typing import Any

import numpy as np
import onnxruntime as ort
from euterpe_music.ensemble_manifest import EventGraph
from euterpe_music.manifest import GraphInfo, StatePair

from euterpe_generator.engine.request import Array


class RecurrentState:
    """One state tensor in the graph's own layout; rows are along the graph's open axis.

    As long as the batch has the same rows, an output of the graph is its next input without a copy and, on a GPU,
    without a transfer. Writing or moving a row brings the state to the host until the next call.
    """

    def __init__(self, pair: StatePair, graph: GraphInfo | EventGraph, *, rows: int, device: str) -> None:
        axes = graph.input(pair.input).axes
        self.pair = pair
        self._device = device
        self._axis = next(position for position, size in enumerate(axes) if isinstance(size, str))
        self._shape = [0 if isinstance(size, str) else size for size in axes]
        self._max_rows = rows
        self.row_size = int(np.prod([size for size in self._shape if size]))
        #: Exactly one of the two holds the state, the other is None.
        self._host_value: Array | None = self._zeros(1)
        self._device_value: Any = None

    def read(self, row: int) -> Array:
        """Copy a row."""
        host = self._to_host()
        return host[self._index(row)].copy() if row < host.shape[self._axis] else np.zeros(self.row_size, np.float32)

    def write(self, row: int, values: Array | float) -> None:
        """Set a row to [row_size] floats or to one value."""
        host = self._to_host()
        width = host.shape[self._axis]
        if row >= width:
            host = self._resize(min(self._max_rows, max(row + 1, 2 * width)))
        target = host[self._index(row)]
        target[...] = values if isinstance(values, float) else values.reshape(target.shape)

    def move(self, source: int, target: int) -> None:
        """Copy a row over another."""
        host = self._to_host()
        host[self._index(target)] = host[self._index(source)]

    def as_input(self, width: int) -> Any:
        """Return the first `width` rows as an OrtValue on the graph's device."""
        if self._device_value is not None and self._device_value.shape()[self._axis] == width:
            return self._device_value
        host = self._to_host()
        if host.shape[self._axis] != width:
            host = self._resize(width)
        return ort.OrtValue.ortvalue_from_numpy(host, self._device)

    def store(self, output: Any) -> None:
        """Replace the state by an output of the graph, an OrtValue."""
        self._device_value, self._host_value = output, None

    def rows(self, width: int) -> Array:
        """Copy the first rows [width, row_size]."""
        host = self._to_host()[self._index(slice(width))]
        return np.moveaxis(host, self._axis, 0).reshape(width, self.row_size).copy()

    def _to_host(self) -> Array:
        if self._host_value is None:
            self._host_value, self._device_value = self._device_value.numpy(), None
        return self._host_value

    def _resize(self, width: int) -> Array:
        host = self._to_host()
        kept = min(width, host.shape[self._axis])
        resized = self._zeros(width)
        resized[self._index(slice(kept))] = host[self._index(slice(kept))]
        self._host_value = resized
        return resized

    def _zeros(self, width: int) -> Array:
        return np.zeros(
            [width if position == self._axis else size for position, size in enumerate(self._shape)], np.float32
        )

    def _index(self, rows: int | slice) -> tuple[int | slice, ...]:
        return (*[slice(None)] * self._axis, rows)
