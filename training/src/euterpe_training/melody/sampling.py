"""Pieces from a bundle's own graphs, for its card: top-p sampling of many pieces at once, melody first.

The generator's engine composes for listeners; this is only as much of it as judging a bundle needs. Bundles of encoding
1 only.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnxruntime
from euterpe_music.bundle import MelodyBundle
from euterpe_music.manifest import Variant
from euterpe_music.piece import Piece
from euterpe_music.tokens import (
    Form,
    QuantizedTrack,
    bar_lag_features,
    conditioning_table,
    decode_steps,
    fill_bar_lag_tokens,
    to_piece,
)
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Composed:
    """A piece in parts; the accompaniment is None where the bundle has none."""

    melody: QuantizedTrack
    accompaniment: QuantizedTrack | None

    def piece(self, bpm: float = 120.0) -> Piece:
        """As MIDI would have it."""
        return to_piece(self.melody, self.accompaniment, bpm=bpm)


@dataclass(frozen=True)
class Drawing:
    """How tokens are drawn: the likeliest that together have `top_p`, at `temperature`."""

    temperature: float = 0.9
    top_p: float = 0.95
    seed: int = 0


class Network:
    """One of a bundle's graphs, all rows of a batch one step further per call."""

    def __init__(self, bundle: MelodyBundle, part: Literal["melody", "accompaniment"], variant: Variant) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        model = bundle.graph(part, variant)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.graph = bundle.manifest.graphs[part]
        self.vocabulary = bundle.vocabularies[part][0]
        self.echoes = bar_lag_features([info.column for info in self.graph.conditions])
        self._names = [tensor.name for tensor in self.graph.outputs]
        self._state: dict[str, Any] = {}

    def begin(self, rows: int) -> None:
        """Zero states for so many pieces."""
        shapes = {pair.input: self.graph.input(pair.input).axes for pair in self.graph.state}
        self._state = {
            name: np.zeros([rows if axis == "batch" else int(axis) for axis in axes], np.float32)
            for name, axes in shapes.items()
        }

    def step(self, tokens: Ints, conditions: Ints) -> NDArray[np.float32]:
        """Logits [rows, words] after `tokens` [rows] under `conditions` [rows, columns]."""
        feeds: dict[str, Any] = {self.graph.token: tokens[:, None], **self._state}
        if self.graph.condition is not None:
            feeds[self.graph.condition] = conditions
        values = dict(zip(self._names, self._session.run(self._names, feeds), strict=True))
        self._state = {pair.input: values[pair.output] for pair in self.graph.state}
        logits: NDArray[np.float32] = values[self.graph.logits]
        return logits

    def table(self, form: Form, melody: QuantizedTrack | None = None) -> Ints:
        """Conditions [steps, columns] of one piece."""
        return conditioning_table([info.column for info in self.graph.conditions], form, melody)


def compose(
    bundle: MelodyBundle,
    pieces: int,
    bars: int,
    style: str | None = None,
    drawing: Drawing | None = None,
    variant: Variant = "fp32",
) -> list[Composed]:
    """So many pieces of one style; the same for the same seed. Raises ValueError for a bundle of encoding 2."""
    if bundle.manifest.encoding != 1:
        raise ValueError("only bundles of encoding 1 can be sampled here")
    chosen = drawing or Drawing()
    form = bundle.manifest.form(bars, style)
    random = np.random.default_rng(chosen.seed)
    first = Network(bundle, "melody", variant)
    melodies = _draw(first, np.stack([first.table(form)] * pieces, 1), chosen, random)
    if "accompaniment" not in bundle.manifest.graphs:
        return [Composed(melody, None) for melody in melodies]
    second = Network(bundle, "accompaniment", variant)
    tables = np.stack([second.table(form, melody) for melody in melodies], 1)
    return [Composed(*both) for both in zip(melodies, _draw(second, tables, chosen, random), strict=True)]


def _draw(network: Network, conditions: Ints, drawing: Drawing, random: np.random.Generator) -> list[QuantizedTrack]:
    steps, rows = conditions.shape[:2]
    network.begin(rows)
    vocabulary = network.vocabulary
    opening, legal = vocabulary.legal(), vocabulary.legal(2)
    tokens = np.zeros(rows, np.int64)
    drawn = np.zeros((steps, rows), np.int64)
    for step in range(steps):
        logits = network.step(tokens, fill_bar_lag_tokens(conditions[step], network.echoes, drawn.T))
        tokens = top_p(np.where(legal if step else opening, logits, -np.inf), drawing, random)
        drawn[step] = tokens
    return [decode_steps(vocabulary.decode(row)) for row in drawn.T.tolist()]


def top_p(logits: NDArray[Any], drawing: Drawing, random: np.random.Generator) -> Ints:
    """One token per row of logits [rows, words]."""
    scaled = (logits - logits.max(axis=1, keepdims=True)) / drawing.temperature
    probability = np.exp(scaled)
    probability /= probability.sum(axis=1, keepdims=True)
    order = np.argsort(-probability, axis=1, kind="stable")
    ranked = np.take_along_axis(probability, order, 1)
    reached = np.cumsum(ranked, axis=1)
    ranked[reached - ranked >= drawing.top_p] = 0.0
    reached = np.cumsum(ranked, axis=1)
    place = (random.random((len(logits), 1)) * reached[:, -1:] >= reached).sum(axis=1, keepdims=True)
    return np.asarray(np.take_along_axis(order, place, 1)[:, 0], np.int64)
