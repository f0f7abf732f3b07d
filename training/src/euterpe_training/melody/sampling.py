"""Generation of pieces with a bundle's graphs, for its evaluation: top-p sampling of many pieces, melody first.

The generator service has an engine of its own; this module has what an evaluation needs, for both encodings.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnxruntime
from euterpe_music.bundle import MelodyBundle
from euterpe_music.manifest import Variant
from euterpe_music.tokens import (
    Form,
    QuantizedTrack,
    bar_lag_features,
    conditioning_table,
    decode_steps,
    decode_streams,
    fill_bar_lag_tokens,
)
from euterpe_music.tokens.quantized_track import FINE, SIXTEENTHS
from euterpe_music.tokens.vocabulary import duration
from numpy.typing import NDArray

Ints = NDArray[np.int64]

#: Grid steps of encoding 2 per sixteenth.
PER_SIXTEENTH = FINE // SIXTEENTHS


@dataclass(frozen=True)
class TwoPartPiece:
    """A melody and its accompaniment, which is None for a bundle without one."""

    melody: QuantizedTrack
    accompaniment: QuantizedTrack | None


@dataclass(frozen=True)
class SamplingParams:
    """Temperature, the probability mass of top-p sampling, and the seed."""

    temperature: float = 0.9
    top_p: float = 0.95
    seed: int = 0


class StepSession:
    """An ONNX Runtime session of one of a bundle's graphs, with the recurrent state of a batch."""

    def __init__(self, bundle: MelodyBundle, part: Literal["melody", "accompaniment"], variant: Variant) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        model = bundle.graph(part, variant)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.graph = bundle.manifest.graphs[part]
        self.vocabularies = bundle.vocabularies[part]
        self._borders = np.cumsum([len(vocabulary) for vocabulary in self.vocabularies])[:-1]
        self.lags = bar_lag_features([info.column for info in self.graph.conditions])
        self._names = [tensor.name for tensor in self.graph.outputs]
        self._state: dict[str, Any] = {}

    def reset(self, rows: int) -> None:
        """Set a zero state for a batch of `rows` pieces."""
        shapes = {pair.input: self.graph.input(pair.input).axes for pair in self.graph.state}
        self._state = {
            name: np.zeros([rows if axis == "batch" else int(axis) for axis in axes], np.float32)
            for name, axes in shapes.items()
        }

    def step(self, tokens: Ints, conditions: Ints) -> list[NDArray[np.float32]]:
        """Run one step after `tokens` [rows, streams] with `conditions` [rows, features].

        Return the logits [rows, tokens] of each stream.
        """
        feeds: dict[str, Any] = {self.graph.token: tokens, **self._state}
        if self.graph.condition is not None:
            feeds[self.graph.condition] = conditions
        values = dict(zip(self._names, self._session.run(self._names, feeds), strict=True))
        self._state = {pair.input: values[pair.output] for pair in self.graph.state}
        return np.split(values[self.graph.logits], self._borders, axis=1)

    def table(self, form: Form, melody: QuantizedTrack | None = None) -> Ints:
        """Return the conditions [steps, features] of one piece."""
        return conditioning_table([info.column for info in self.graph.conditions], form, melody)


def generate(
    bundle: MelodyBundle,
    pieces: int,
    bars: int,
    style: str | None = None,
    params: SamplingParams | None = None,
    variant: Variant = "fp32",
) -> list[TwoPartPiece]:
    """Generate pieces of one style; equal seeds give equal pieces."""
    chosen = params or SamplingParams()
    form = bundle.manifest.form(bars, style)
    random = np.random.default_rng(chosen.seed)
    sample = _sample_steps if bundle.manifest.encoding == 1 else _sample_events
    first = StepSession(bundle, "melody", variant)
    melodies = sample(first, np.stack([first.table(form)] * pieces, 1), chosen, random)
    if "accompaniment" not in bundle.manifest.graphs:
        return [TwoPartPiece(melody, None) for melody in melodies]
    second = StepSession(bundle, "accompaniment", variant)
    tables = np.stack([second.table(form, melody.to_sixteenths()) for melody in melodies], 1)
    return [TwoPartPiece(*both) for both in zip(melodies, sample(second, tables, chosen, random), strict=True)]


def _sample_steps(
    session: StepSession, conditions: Ints, params: SamplingParams, random: np.random.Generator
) -> list[QuantizedTrack]:
    steps, rows = conditions.shape[:2]
    session.reset(rows)
    [vocabulary] = session.vocabularies
    first_legal, legal = vocabulary.legal(), vocabulary.legal(2)
    tokens = np.zeros(rows, np.int64)
    sampled = np.zeros((steps, rows), np.int64)
    for step in range(steps):
        [logits] = session.step(tokens[:, None], fill_bar_lag_tokens(conditions[step], session.lags, sampled.T))
        tokens = sample_top_p(np.where(legal if step else first_legal, logits, -np.inf), params, random)
        sampled[step] = tokens
    return [decode_steps(vocabulary.decode(row)) for row in sampled.T.tolist()]


def _sample_events(
    session: StepSession, conditions: Ints, params: SamplingParams, random: np.random.Generator
) -> list[QuantizedTrack]:
    """Sample events with durations until each row is as long as `conditions` [sixteenths, rows, features]."""
    sixteenths, rows = conditions.shape[:2]
    session.reset(rows)
    pitches, durations = session.vocabularies
    units = np.array([round(duration(word) * FINE) for word in durations.words], np.int64)
    legal = pitches.legal()
    shortest = int(units[units > 0].min())
    end, time = sixteenths * PER_SIXTEENTH, np.zeros(rows, np.int64)
    tokens = np.zeros((rows, 2), np.int64)
    events: list[list[tuple[int, int]]] = [[] for _ in range(rows)]
    while (time < end).any():
        now = conditions[np.minimum(time // PER_SIXTEENTH, sixteenths - 1), np.arange(rows)]
        of_pitch, of_duration = session.step(tokens, now)
        fits = (units > 0) & (units <= np.maximum(end - time, shortest)[:, None])
        tokens = np.stack(
            [sample_top_p(np.where(mask, logits, -np.inf), params, random)
             for mask, logits in ((legal, of_pitch), (fits, of_duration))], axis=1,
        )  # fmt: skip
        for row in np.flatnonzero(time < end).tolist():
            events[row].append((int(tokens[row, 0]), int(tokens[row, 1])))
        time += units[tokens[:, 1]]
    tracks = []
    for composed in events:
        of_pitch_stream, of_duration_stream = zip(*composed, strict=True)
        track = decode_streams(pitches.decode(of_pitch_stream), durations.decode(of_duration_stream))
        tracks.append(track.window(0, end))
    return tracks


def sample_top_p(logits: NDArray[Any], params: SamplingParams, random: np.random.Generator) -> Ints:
    """Sample one token per row of logits [rows, tokens]."""
    scaled = (logits - logits.max(axis=1, keepdims=True)) / params.temperature
    probability = np.exp(scaled)
    probability /= probability.sum(axis=1, keepdims=True)
    order = np.argsort(-probability, axis=1, kind="stable")
    ranked = np.take_along_axis(probability, order, 1)
    reached = np.cumsum(ranked, axis=1)
    ranked[reached - ranked >= params.top_p] = 0.0
    reached = np.cumsum(ranked, axis=1)
    place = (random.random((len(logits), 1)) * reached[:, -1:] >= reached).sum(axis=1, keepdims=True)
    return np.asarray(np.take_along_axis(order, place, 1)[:, 0], np.int64)
