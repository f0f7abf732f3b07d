"""A one-step token graph on ONNX Runtime: tokens in, logits out, recurrent state kept on the graph's device."""

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
    """Runs all its sequences for one step at a time. Each sequence is one continuation of one piece.

    While the set of sequences is unchanged, state and inputs are bound to fixed buffers, in two sets: the state that a
    call writes is read by the next one. On a GPU the state stays there until the set of sequences changes.
    """

    def __init__(self, model: bytes, graph: TokenGraph, *, max_sequences: int, threads: int = 1) -> None:
        self._session = ort.InferenceSession(model, session_options(threads), providers=providers())
        self.provider = str(self._session.get_providers()[0])
        self._device = device_of(self._session)
        self._graph = graph
        self._max_sequences = max_sequences
        self.vocabulary_sizes = tuple(vocabulary.size for vocabulary in graph.vocabularies)
        self.features = len(graph.conditions)
        #: Conditioning features that are earlier tokens of the piece; see euterpe_music.tokens.fill_bar_lag_tokens.
        self.bar_lag_features = bar_lag_features([info.column for info in graph.conditions])
        #: Narrower batches are padded to this width; see warm_up.
        self._min_width = 1
        self._shapes = {pair.input: graph.input(pair.input).axes for pair in graph.state}
        self._batch_axis = {name: axes.index("batch") for name, axes in self._shapes.items()}
        self.sequences = 0
        self._turn = 0
        self._bind(0, {name: self._zeros(name, 0) for name in self._shapes})

    def warm_up(self) -> None:
        """Run several batch widths, and find the smallest width from which on all widths give equal bits.

        Kernels for a single row may sum in a different order than those for several; narrower batches are then padded
        (docs/adr/0005). Raises ValueError if the result of a row depends on the other rows, e.g. because an int8 graph
        computes its scales at run time: such a network could not compose the same piece twice.
        """
        widest = self._probe(self._max_sequences)
        if not np.array_equal(self._probe(self._max_sequences, first=1)[:, :-1], widest[:, 1:]):
            raise ValueError("the rows of the graph's batch depend on each other")
        for width in sorted((width for width in _PROBE_WIDTHS if width < self._max_sequences), reverse=True):
            if not np.array_equal(self._probe(width), widest[:, :width]):
                next_width = next((w for w in _PROBE_WIDTHS if w > width), self._max_sequences)
                self._min_width = min(self._max_sequences, next_width)
                break
        self.select(np.zeros(0, np.int64))

    def select(self, sources: Tokens) -> None:
        """Make sequence i continue the previous sequence sources[i]; -1 starts a new one."""
        if np.array_equal(sources, np.arange(self.sequences)):
            return
        states = {}
        for name, value in self._state().items():
            axis = self._batch_axis[name]
            taken = np.take(value, np.maximum(sources, 0), axis) if self.sequences else self._zeros(name, len(sources))
            np.moveaxis(taken, axis, 0)[sources < 0] = 0.0
            states[name] = taken
        self._bind(len(sources), states)

    def step(self, tokens: Tokens, conditioning: Tokens | None) -> Array:
        """Return the logits [sequences, sum of vocabulary sizes] after `tokens` [sequences, streams].

        `conditioning` is [sequences, features]. The returned array is overwritten by the next call.
        """
        self._token[: self.sequences] = tokens
        if self._condition is not None and conditioning is not None:
            self._condition[: self.sequences] = conditioning
        binding = self._bindings[self._turn]
        if self._device != "cpu":
            self._token_value.update_inplace(self._token)
            if self._condition is not None:
                self._condition_value.update_inplace(self._condition)
        self._session.run_with_iobinding(binding)
        self._turn = 1 - self._turn
        logits: Array = self._logits if self._device == "cpu" else self._logits_value.numpy()
        return logits[: self.sequences]

    def _probe(self, width: int, first: int = 0) -> Array:
        """Return the logits [steps, width, sum of vocabulary sizes] of the probe's rows from `first` on."""
        self._min_width = width
        self.select(np.zeros(0, np.int64))
        self.select(np.full(width, -1))
        random = np.random.default_rng(0)
        rows = self._max_sequences + 1
        logits = []
        for _ in range(_PROBE_STEPS):
            tokens = np.stack([random.integers(0, size, rows) for size in self.vocabulary_sizes], axis=1)
            conditioning = np.stack(
                [random.integers(0, one.size, rows) for one in self._graph.conditions] or [np.zeros(rows, np.int64)],
                axis=1,
            )[first:][:width]
            logits.append(self.step(tokens[first:][:width], conditioning if self.features else None).copy())
        self._min_width = 1
        return np.stack(logits)

    def _state(self) -> dict[str, Array]:
        """Copy the state of the sequences from its device."""
        values = self._states[self._turn]
        return {
            name: value.numpy()[(*[slice(None)] * self._batch_axis[name], slice(self.sequences))]
            for name, value in values.items()
        }

    def _zeros(self, name: str, sequences: int) -> Array:
        return np.zeros([sequences if axis == "batch" else int(axis) for axis in self._shapes[name]], np.float32)

    def _bind(self, sequences: int, states: dict[str, Array]) -> None:
        """Allocate buffers and bindings for this many sequences, with the initial `states`."""
        self.sequences, self._turn = sequences, 0
        width = max(sequences, self._min_width) if sequences else 0
        graph = self._graph
        self._token = np.zeros((width, len(self.vocabulary_sizes)), np.int64)
        self._condition: NDArray[np.int64] | None = None
        self._logits = np.zeros((width, sum(self.vocabulary_sizes)), np.float32)
        self._token_value, self._logits_value = self._value(self._token), self._value(self._logits)
        if graph.condition is not None:
            self._condition = np.zeros((width, self.features), np.int64)
            self._condition_value = self._value(self._condition)
        first, second = {}, {}
        for name, state in states.items():
            padded = self._zeros(name, width)
            padded[(*[slice(None)] * self._batch_axis[name], slice(sequences))] = state
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
        # On the CPU the value shares the array's memory, so writing into the array is enough.
        return ort.OrtValue.ortvalue_from_numpy(array, self._device, 0)
