"""The graphs of an ensemble network on ONNX Runtime: one step for all rows, then the heads column by column."""

from typing import Any, Final

import numpy as np
import onnxruntime as ort
from euterpe_music.bundle import EnsembleBundle
from euterpe_music.ensemble_manifest import STATIC_COUNT
from euterpe_music.manifest import Variant
from euterpe_music.note_events.cursor_batch import Integers
from euterpe_music.note_events.features import ECHO_COUNT, ECHO_SIZES, FEATURE_SIZES
from euterpe_music.note_events.part_history import HISTORY_SIZES
from euterpe_music.note_events.spec import COLUMN_SIZES

from euterpe_generator.engine.providers import device_of, providers, session_options
from euterpe_generator.engine.recurrent_state import RecurrentState
from euterpe_generator.engine.request import Array

_PROBE_STEPS: Final = 3
_PROBE_WIDTHS: Final = (1, 2, 3, 4, 5, 7, 8, 13, 16, 32, 64, 128)


class EnsembleNetwork:
    """Runs the first rows of a batch for one event; the states of all rows stay between calls."""

    def __init__(self, bundle: EnsembleBundle, variant: Variant, *, rows: int, threads: int = 1) -> None:
        manifest = bundle.manifest
        options = session_options(threads)
        self._step, *self._heads = (
            ort.InferenceSession(bundle.graph(graph, variant), options, providers=providers())
            for graph in (manifest.step, *manifest.heads)
        )
        self.provider = str(self._step.get_providers()[0])
        self._device = device_of(self._step)
        self._rows = rows
        self._states = [
            RecurrentState(pair, manifest.step, rows=rows, device=self._device) for pair in manifest.step.state
        ]
        self._head_inputs = [[one.name for one in graph.inputs if one.name != "entry"] for graph in manifest.heads]
        self._head_width = int(manifest.heads[0].input("entry").axes[1])
        #: Narrower batches are padded to this width; see warm_up.
        self._min_width = 1

    def warm_up(self) -> None:
        """Find the smallest width from which on all widths give a row equal bits; see StepNetwork.warm_up.

        Raises ValueError if the result of a row depends on the other rows.
        """
        widest = self._probe(self._rows)
        if self._rows > 1 and not np.array_equal(self._probe(self._rows, first=1)[:, :-1], widest[:, 1:]):
            raise ValueError("the rows of the graph's batch depend on each other")
        for width in sorted((width for width in _PROBE_WIDTHS if width < self._rows), reverse=True):
            if not np.array_equal(self._probe(width), widest[:, :width]):
                next_width = next((w for w in _PROBE_WIDTHS if w > width), self._rows)
                self._min_width = min(self._rows, next_width)
                break
        for row in range(self._rows):
            self.reset(row)

    def reset(self, row: int) -> None:
        """Set the state of a row to that before the first event."""
        for state in self._states:
            state.write(row, 0.0)

    def save(self, row: int) -> list[Array]:
        """Copy the state of a row."""
        return [state.read(row) for state in self._states]

    def restore(self, row: int, saved: list[Array]) -> None:
        """Set the state of a row to a copy."""
        for state, values in zip(self._states, saved, strict=True):
            state.write(row, values)

    def move(self, source: int, target: int) -> None:
        """Copy the state of a row over another's."""
        for state in self._states:
            state.move(source, target)

    def step(self, values: Integers, echoes: Integers, statics: Integers, width: int) -> Array:
        """Advance the first `width` rows of the inputs [rows, …]; return what the heads begin with [width, …]."""
        padded = max(width, self._min_width)
        feed = {"values": values[:padded], "echoes": echoes[:padded], "statics": statics[:padded]}
        binding = self._step.io_binding()
        for name, array in feed.items():
            binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(array, self._device))
        binding.bind_output("entries")
        for state in self._states:
            binding.bind_ortvalue_input(state.pair.input, state.as_input(padded))
            binding.bind_output(state.pair.output, self._device)
        self._step.run_with_iobinding(binding)
        entries, *states = binding.get_outputs()
        for state, output in zip(self._states, states, strict=True):
            state.store(output)
        result: Array = entries.numpy()
        return result

    def head(self, column: int, entries: Array, chosen: Integers, history: Integers) -> Array:
        """Return the logits of a column, given the columns before it [width, column], and the part's history."""
        first, width = column * self._head_width, len(entries)
        feed: dict[str, Any] = {"entry": np.ascontiguousarray(entries[:, first : first + self._head_width])}
        given = {"chosen": chosen, "history": history}
        feed |= {name: _padded(given[name], width) for name in self._head_inputs[column]}
        logits: Array = self._heads[column].run(None, feed)[0]
        return logits[: len(chosen)]

    def _probe(self, width: int, first: int = 0) -> Array:
        """Return the logits [steps, width, all columns] of the probe's rows from `first` on."""
        self._min_width = 1
        for row in range(width):
            self.reset(row)
        random = np.random.default_rng(0)
        rows = slice(first, first + width)
        results = []
        for _ in range(_PROBE_STEPS):
            values = random.integers(0, FEATURE_SIZES, (self._rows + 1, len(FEATURE_SIZES)))[rows]
            echoes = random.integers(0, ECHO_SIZES, (self._rows + 1, ECHO_COUNT, len(ECHO_SIZES)))[rows]
            chosen = random.integers(0, COLUMN_SIZES, (self._rows + 1, len(COLUMN_SIZES)))[rows]
            entries = self.step(values, echoes.reshape(width, -1), np.zeros((width, STATIC_COUNT), np.int64), width)
            past = random.integers(0, HISTORY_SIZES, (self._rows + 1, len(HISTORY_SIZES)))[rows]
            before = [np.ascontiguousarray(chosen[:, :column]) for column in range(len(COLUMN_SIZES))]
            logits = [self.head(column, entries, each, past) for column, each in enumerate(before)]
            results.append(np.concatenate(logits, axis=1))
        return np.stack(results)


def _padded(rows: Integers, width: int) -> Integers:
    missing = width - len(rows)
    return np.concatenate([rows, np.zeros((missing, rows.shape[1]), np.int64)]) if missing else rows
