"""A session on ONNX Runtime: a Scan over the steps of a chunk, the recurrent state fed in and taken out."""

import numpy as np
import onnxruntime as ort
from euterpe_music.manifest import GraphInfo, StatePair

from euterpe_generator.engine.providers import providers, session_options
from euterpe_generator.engine.request import Array, Mask

_PROBE_STEPS = 4
_PROBE_WIDTHS = (1, 2, 3, 5, 8, 13, 32, 64, 128)


class _State:
    """One recurrent state of the rows in the batch, in the graph's own layout with the rows along `axis`.

    While the batch keeps its width, what the graph gave out is what it gets next, without a copy.
    """

    def __init__(self, pair: StatePair, graph: GraphInfo, *, rows: int) -> None:
        axes = graph.input(pair.input).axes
        self.pair = pair
        self._axis = next(position for position, size in enumerate(axes) if isinstance(size, str))
        self._shape = [0 if position == self._axis else _size(size) for position, size in enumerate(axes)]
        self._most = rows
        self.row_size = int(np.prod([size for size in self._shape if size]))
        self._values = self._sized(1)

    def write(self, row: int, values: Array | float) -> None:
        """Sets a row, from [row_size] floats or to one value."""
        width = self._values.shape[self._axis]
        if row >= width:
            self._resize(min(self._most, max(row + 1, 2 * width)))
        target = self._values[self._at(row)]
        target[...] = values if isinstance(values, float) else values.reshape(target.shape)

    def move(self, source: int, target: int) -> None:
        """Copies a row over another."""
        self._values[self._at(target)] = self._values[self._at(source)]

    def feed(self, width: int) -> Array:
        """The first rows, as the graph wants them."""
        if self._values.shape[self._axis] != width:
            self._resize(width)
        return self._values

    def keep(self, output: Array) -> None:
        """Takes over what the graph gave out."""
        self._values = output

    def _resize(self, width: int) -> None:
        kept = min(width, self._values.shape[self._axis])
        resized = self._sized(width)
        resized[self._at(slice(kept))] = self._values[self._at(slice(kept))]
        self._values = resized

    def _sized(self, width: int) -> Array:
        return np.zeros(
            [width if position == self._axis else size for position, size in enumerate(self._shape)], np.float32
        )

    def _at(self, rows: int | slice) -> tuple[int | slice, ...]:
        return (*[slice(None)] * self._axis, rows)


class OnnxSession:
    """Runs a bundle's graph over up to `rows` pieces at once; see Session and euterpe_music.manifest.GraphInfo."""

    def __init__(self, model: bytes, graph: GraphInfo, *, rows: int) -> None:
        self._session = ort.InferenceSession(model, session_options(threads=1), providers=providers())
        self._graph = graph
        self.rows = rows
        self.noise_size = _size(graph.input(graph.noise).axes[-1])
        self.features = _size(graph.output(graph.events).axes[-1])
        controls = 0 if graph.controls is None else _size(graph.input(graph.controls).axes[-1])
        self._controls = np.zeros((rows, controls), np.float32)
        self._fixed_width = False
        self._states = [_State(pair, graph, rows=rows) for pair in graph.state]
        self.initial_size = sum(state.row_size for state in self._states if state.pair.initial == "uniform")
        self._outputs = [graph.events, *(pair.output for pair in graph.state)]

    @property
    def provider(self) -> str:
        """The execution provider in use."""
        return str(self._session.get_providers()[0])

    def warm_up(self) -> None:
        """Runs several widths before the first piece, and learns whether a row's result depends on the width.

        A kernel may sum in another order for another number of rows, and a piece must not depend on its company. Where
        it does, all batches are filled up to one width, whatever it costs. See docs/adr/0005.
        """
        random = np.random.default_rng(0)
        noise = random.random((_PROBE_STEPS, self.rows, self.noise_size), np.float32)
        initial = random.random((self.rows, self.initial_size), np.float32)
        widest = self._probe(noise, initial)
        for width in (width for width in _PROBE_WIDTHS if width < self.rows):
            events = self._probe(noise[:, :width], initial[:width])
            self._fixed_width |= not np.array_equal(events, widest[:, :width])

    def reset(self, row: int, initial: Array, given: Array | None = None) -> None:
        """See Session; `given` are the piece's controls [n], zeros if it has none."""
        self._controls[row] = 0.0 if given is None else given
        drawn = 0
        for state in self._states:
            if state.pair.initial == "uniform":
                state.write(row, initial[drawn : drawn + state.row_size])
                drawn += state.row_size
            else:
                state.write(row, 0.0)

    def move(self, source: int, target: int) -> None:
        """See Session."""
        self._controls[target] = self._controls[source]
        for state in self._states:
            state.move(source, target)

    def advance(self, noise: Array) -> Array:
        """See Session."""
        steps, used, _ = noise.shape
        width = self.rows if self._fixed_width else used
        if width > used:
            noise = np.concatenate([noise, np.zeros((steps, width - used, self.noise_size), np.float32)], axis=1)
        feed = {self._graph.noise: np.ascontiguousarray(noise)}
        if self._graph.controls is not None:
            feed[self._graph.controls] = self._controls[:width]
        feed |= {state.pair.input: state.feed(width) for state in self._states}
        events, *outputs = self._session.run(self._outputs, feed)
        for state, output in zip(self._states, outputs, strict=True):
            state.keep(output)
        result: Array = events[:, :used]
        return result

    def finished(self, used: int) -> Mask | None:  # noqa: ARG002 - of the protocol
        """See Session."""
        return None

    def piece(self, row: int, events: Array) -> Array:  # noqa: ARG002
        """See Session."""
        return events

    def _probe(self, noise: Array, initial: Array) -> Array:
        for row, start in enumerate(initial):
            self.reset(row, start)
        return self.advance(noise)


def _size(axis: int | str) -> int:
    if not isinstance(axis, int):
        raise ValueError(f"the axis {axis!r} needs a fixed size")
    return axis
