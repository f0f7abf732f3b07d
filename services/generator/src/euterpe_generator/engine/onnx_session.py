"""A session on ONNX Runtime: one Scan over the steps of a chunk, with the recurrent state as input and output."""

from typing import Any

import numpy as np
import onnxruntime as ort
from euterpe_music.manifest import GraphInfo

from euterpe_generator.engine.providers import device_of, providers, session_options
from euterpe_generator.engine.recurrent_state import RecurrentState
from euterpe_generator.engine.request import Array, Mask

_PROBE_STEPS = 4
_PROBE_WIDTHS = (1, 2, 3, 5, 8, 13, 32, 64, 128)


class OnnxSession:
    """Runs a bundle's graph for up to `rows` pieces at once; see Session and euterpe_music.manifest.GraphInfo."""

    def __init__(self, model: bytes, graph: GraphInfo, *, rows: int, critic: bytes | None = None) -> None:
        self._session = ort.InferenceSession(model, session_options(threads=1), providers=providers())
        self._graph = graph
        # It takes a few milliseconds on a CPU, and runs once for a piece.
        self._critic: Any = critic and ort.InferenceSession(
            critic, session_options(threads=1), providers=["CPUExecutionProvider"]
        )
        self.rows = rows
        self.noise_size = _size(graph.input(graph.noise).axes[-1])
        self.features = _size(graph.output(graph.events).axes[-1])
        controls = 0 if graph.controls is None else _size(graph.input(graph.controls).axes[-1])
        self._controls = np.zeros((rows, controls), np.float32)
        self._fixed_width = False
        self._device = device_of(self._session)
        self._states = [RecurrentState(pair, graph, rows=rows, device=self._device) for pair in graph.state]
        self.initial_size = sum(state.row_size for state in self._states if state.pair.initial == "uniform")

    @property
    def provider(self) -> str:
        """The execution provider in use."""
        return str(self._session.get_providers()[0])

    def warm_up(self) -> None:
        """Run several batch widths, and detect whether the result of a row depends on the width.

        Kernels may sum in a different order for a different number of rows, but a piece must not depend on the rest of
        its batch. If results differ, every batch is padded to the full width. See docs/adr/0005.
        """
        random = np.random.default_rng(0)
        noise = random.random((_PROBE_STEPS, self.rows, self.noise_size), np.float32)
        initial = random.random((self.rows, self.initial_size), np.float32)
        widest = self._probe(noise, initial)
        for width in (width for width in _PROBE_WIDTHS if width < self.rows):
            probed = self._probe(noise[:, :width], initial[:width])
            self._fixed_width |= not np.array_equal(probed, widest[:width])

    def reset(self, row: int, initial: Array, inputs: Array | None = None) -> None:
        """See Session; `inputs` are the piece's controls [n], by default zeros."""
        self._controls[row] = 0.0 if inputs is None else inputs
        used = 0
        for state in self._states:
            if state.pair.initial == "uniform":
                state.write(row, initial[used : used + state.row_size])
                used += state.row_size
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
        feed = {self._graph.noise: self._value(np.ascontiguousarray(noise))}
        if self._graph.controls is not None:
            feed[self._graph.controls] = self._value(self._controls[:width])
        feed |= {state.pair.input: state.as_input(width) for state in self._states}
        events, *outputs = self._run(feed)
        for state, output in zip(self._states, outputs, strict=True):
            state.store(output)
        result: Array = events.numpy()[:, :used]
        return result

    def finished(self, width: int) -> Mask | None:  # noqa: ARG002 - part of the protocol
        """See Session."""
        return None

    def progress(self, row: int, steps: int, total: int) -> int:  # noqa: ARG002 - part of the protocol
        """See Session."""
        return steps

    def score(self, row: int, events: Array) -> float:  # noqa: ARG002 - part of the protocol
        """See Session: the critic's score; without a critic all pieces are equal."""
        return float(self._critic.run(["score"], {"events": events})[0][0]) if self._critic else 0.0

    def final_events(self, row: int, events: Array) -> Array:  # noqa: ARG002
        """See Session."""
        return events

    def _value(self, array: Array) -> Any:
        return ort.OrtValue.ortvalue_from_numpy(array, self._device)

    def _run(self, feed: dict[str, Any]) -> list[Any]:
        """Return the events, on the host, and the next states, on the graph's device."""
        binding = self._session.io_binding()
        for name, value in feed.items():
            binding.bind_ortvalue_input(name, value)
        binding.bind_output(self._graph.events)
        for state in self._states:
            binding.bind_output(state.pair.output, self._device)
        self._session.run_with_iobinding(binding)
        outputs: list[Any] = binding.get_outputs()
        return outputs

    def _probe(self, noise: Array, initial: Array) -> Array:
        """Return the events and final states [rows, numbers] of a short run."""
        width = len(initial)
        for row, start in enumerate(initial):
            self.reset(row, start)
        events = self.advance(noise).swapaxes(0, 1).reshape(width, -1)
        return np.concatenate([events, *(state.rows(width) for state in self._states)], axis=1)


def _size(axis: int | str) -> int:
    if not isinstance(axis, int):
        raise ValueError(f"axis {axis!r} must have a fixed size")
    return axis
