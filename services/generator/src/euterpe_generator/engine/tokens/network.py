"""A one-step graph on ONNX Runtime: tokens in, logits out, the recurrent state kept where the graph runs."""

from typing import Any

import numpy as np
import onnxruntime as ort
from euterpe_music.melody_manifest import TokenGraph
from euterpe_music.tokens import bar_lag_features
from numpy.typing import NDArray

from euterpe_generator.engine.providers import device_of, providers, session_options
from euterpe_generator.engine.request import Array
from euterpe_generator.engine.tokens.plan import Tokens

_PROBE_STEPS = 3
_PROBE_WIDTHS = (1, 2, 3, 4, 5, 7, 8, 13, 16, 32, 64, 128)


class StepNetwork:
    """Takes all its lanes one step further at a time. Each lane holds one continuation of one piece.

    State and inputs are bound to fixed buffers while the lanes stay the same, twice: what one call writes, the next
    one reads. On a GPU the state stays there until the set of lanes changes.
    """

    def __init__(self, model: bytes, graph: TokenGraph, *, lanes: int, threads: int = 1) -> None:
        self._session = ort.InferenceSession(model, session_options(threads), providers=providers())
        self.provider = str(self._session.get_providers()[0])
        self._device = device_of(self._session)
        self._graph = graph
        self._most = lanes
        self.sizes = tuple(vocabulary.size for vocabulary in graph.vocabularies)
        self.columns = len(graph.conditions)
        #: Columns of the conditions that are words of the piece itself; see euterpe_music.tokens.fill_bar_lag_tokens.
        self.echoes = bar_lag_features([info.column for info in graph.conditions])
        #: No batch is narrower than this; see warm_up.
        self._least = 1
        self._shapes = {pair.input: graph.input(pair.input).axes for pair in graph.state}
        self._batch = {name: next(i for i, a in enumerate(axes) if a == "batch") for name, axes in self._shapes.items()}
        self.lanes = 0
        self._turn = 0
        self._bind(0, {name: self._zeros(name, 0) for name in self._shapes})

    def warm_up(self) -> None:
        """Runs several widths before the first piece, and learns from which width on they give equal bits.

        See docs/adr/0005. Kernels for a single row may sum in another order than those for several; narrower batches
        are then filled up with idle lanes. Raises ValueError when a row's result depends on the other rows, as scales
        that an int8 graph finds while running would make it: no piece could be composed twice.
        """
        widest = self._probe(self._most)
        if not np.array_equal(self._probe(self._most, first=1)[:, :-1], widest[:, 1:]):
            raise ValueError("the rows of the graph's batch depend on each other")
        for width in sorted((width for width in _PROBE_WIDTHS if width < self._most), reverse=True):
            if not np.array_equal(self._probe(width), widest[:, :width]):
                self._least = min(self._most, next((w for w in _PROBE_WIDTHS if w > width), self._most))
                break
        self.select(np.zeros(0, np.int64))

    def select(self, sources: Tokens) -> None:
        """Lane i continues lane sources[i] of before; -1 begins anew."""
        if np.array_equal(sources, np.arange(self.lanes)):
            return
        states = {}
        for name, value in self._state().items():
            axis = self._batch[name]
            taken = np.take(value, np.maximum(sources, 0), axis) if self.lanes else self._zeros(name, len(sources))
            np.moveaxis(taken, axis, 0)[sources < 0] = 0.0
            states[name] = taken
        self._bind(len(sources), states)

    def step(self, tokens: Tokens, conditions: Tokens | None) -> Array:
        """The logits [lanes, sum of sizes] after `tokens` [lanes, streams] under `conditions` [lanes, columns].

        The array is overwritten by the next call.
        """
        self._token[: self.lanes] = tokens
        if self._condition is not None and conditions is not None:
            self._condition[: self.lanes] = conditions
        binding = self._bindings[self._turn]
        if self._device != "cpu":
            self._token_value.update_inplace(self._token)
            if self._condition is not None:
                self._condition_value.update_inplace(self._condition)
        self._session.run_with_iobinding(binding)
        self._turn = 1 - self._turn
        logits: Array = self._logits if self._device == "cpu" else self._logits_value.numpy()
        return logits[: self.lanes]

    def _probe(self, width: int, first: int = 0) -> Array:
        """Logits [steps, width, sum of sizes] of the probe's rows from `first` on, as many as the width is."""
        self._least = width
        self.select(np.zeros(0, np.int64))
        self.select(np.full(width, -1))
        random = np.random.default_rng(0)
        logits = []
        for _ in range(_PROBE_STEPS):
            tokens = np.stack([random.integers(0, size, self._most + 1) for size in self.sizes], axis=1)[first:][:width]
            conditions = np.stack(
                [random.integers(0, one.size, self._most + 1) for one in self._graph.conditions]
                or [np.zeros(self._most + 1, np.int64)],
                axis=1,
            )[first:][:width]
            logits.append(self.step(tokens, conditions if self.columns else None).copy())
        self._least = 1
        return np.stack(logits)

    def _state(self) -> dict[str, Array]:
        """The lanes' state, read back from where it is."""
        values = self._states[self._turn]
        return {
            name: value.numpy()[(*[slice(None)] * self._batch[name], slice(self.lanes))]
            for name, value in values.items()
        }

    def _zeros(self, name: str, lanes: int) -> Array:
        return np.zeros([lanes if axis == "batch" else int(axis) for axis in self._shapes[name]], np.float32)

    def _bind(self, lanes: int, states: dict[str, Array]) -> None:
        """Buffers and bindings for this many lanes, beginning with `states`."""
        self.lanes, self._turn = lanes, 0
        width = max(lanes, self._least) if lanes else 0
        graph = self._graph
        self._token = np.zeros((width, len(self.sizes)), np.int64)
        self._condition: NDArray[np.int64] | None = None
        self._logits = np.zeros((width, sum(self.sizes)), np.float32)
        self._token_value, self._logits_value = self._value(self._token), self._value(self._logits)
        if graph.condition is not None:
            self._condition = np.zeros((width, self.columns), np.int64)
            self._condition_value = self._value(self._condition)
        first, second = {}, {}
        for name, state in states.items():
            padded = self._zeros(name, width)
            padded[(*[slice(None)] * self._batch[name], slice(lanes))] = state
            first[name], second[name] = self._value(padded), self._value(self._zeros(name, width))
        self._states = (first, second)
        self._bindings = (self._binding(first, second), self._binding(second, first)) if width else ()

    def _binding(self, before: dict[str, Any], after: dict[str, Any]) -> Any:
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(self._graph.token, self._token_value)
        if self._graph.condition is not None:
            binding.bind_ortvalue_input(self._graph.condition, self._condition_value)
        for pair in self._graph.state:
            binding.bind_ortvalue_input(pair.input, before[pair.input])
            binding.bind_ortvalue_output(pair.output, after[pair.input])
        binding.bind_ortvalue_output(self._graph.logits, self._logits_value)
        return binding

    def _value(self, array: NDArray[Any]) -> Any:
        # On the CPU the value shares the array's memory, so that writing into the array is all that it takes.
        return ort.OrtValue.ortvalue_from_numpy(array, self._device, 0)
