"""The evaluation of a melody bundle: held-out loss of its graphs, and measures of generated and held-out music."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
from euterpe_music.bundle import MelodyBundle
from euterpe_music.manifest import Variant
from euterpe_music.measures import measure, repetitions
from euterpe_music.tokens import HOLD, REST, QuantizedTrack, encode_steps, to_piece
from numpy.typing import NDArray

from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.corpus import Song
from euterpe_training.melody.data import TokenFormat, encode_songs
from euterpe_training.melody.sampling import SamplingParams, StepSession, TwoPartPiece, generate

#: Bars of the compared pieces.
BARS: Final = 16
#: Candidates for a bundle's default sampling parameters.
CANDIDATES: Final = tuple(
    SamplingParams(temperature, top_p)
    for temperature, top_p in ((0.9, 0.95), (0.95, 0.97), (0.95, 0.99), (1.0, 0.98), (1.0, 1.0))
)


def held_out(bundle: MelodyBundle, part: Literal["melody", "accompaniment"], songs: Sequence[Song],
             variant: Variant = "fp32") -> dict[str, float]:  # fmt: skip
    """Return loss in nats, perplexity and accuracy per token, of whole songs run step by step as in the service.

    With two streams the loss is their sum, `accuracy` that of pitches, and `duration_accuracy` that of durations.
    """
    session = StepSession(bundle, part, variant)
    styles = bundle.manifest.styles
    features = tuple(info.column for info in session.graph.conditions)
    config = MelodyConfig("evaluation", encoding=bundle.manifest.encoding, part=part)
    encoded = encode_songs(songs, styles, TokenFormat(session.vocabularies, features, styles), config)
    starts, lengths = encoded.offsets[:-1], np.diff(encoded.offsets)
    session.reset(len(songs))
    losses, correct = 0.0, np.zeros(len(session.vocabularies), np.int64)
    for step in range(int(lengths.max())):
        live = step < lengths
        at = starts + np.minimum(step, lengths - 1)
        for number, logits in enumerate(session.step(encoded.previous[at], encoded.conditions[at])):
            targets = encoded.targets[at, number]
            losses -= float(_log_softmax(logits)[np.arange(len(songs)), targets][live].sum())
            correct[number] += int((logits.argmax(1) == targets)[live].sum())
    mean = losses / len(encoded.targets)
    accuracies = (correct / len(encoded.targets)).tolist()
    names = ("accuracy", "duration_accuracy")
    return {"loss": mean, "perplexity": float(np.exp(mean)), **dict(zip(names, accuracies, strict=False))}


def real_pieces(songs: Sequence[Song], bars: int = BARS) -> list[TwoPartPiece]:
    """Return the first `bars` bars, from the first full bar on, of songs that are long enough."""
    found = []
    for song in songs:
        if len(song.bars) > bars:
            start, stop = song.bars[0], song.bars[bars]
            found.append(TwoPartPiece(song.melody.window(start, stop), song.accompaniment.window(start, stop)))
    return found


def music(pieces: Sequence[TwoPartPiece]) -> dict[str, float]:
    """Return the means of `describe` over pieces with notes."""
    rows = [describe(piece) for piece in pieces if len(piece.melody)]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}


def describe(piece: TwoPartPiece) -> dict[str, float]:
    """Return a piece's measures: shares in 0..1, lengths in quarters."""
    melody, other = piece.melody, piece.accompaniment
    figures = measure(to_piece(melody))
    pitches = np.array([each[-1] for each in melody.pitches])
    steps = np.abs(np.diff(pitches))
    symbols = encode_steps(melody)
    row = {
        "notes_per_quarter": len(melody) / (melody.end / melody.steps_per_quarter),
        "mean_note_length": figures.mean_duration_quarters,
        "unique_note_lengths": float(len(set(melody.lengths))),
        "rests": _share_of_rest(symbols),
        "in_scale": figures.scale_score,
        "tone_span": float(figures.tone_span),
        "unique_pitches": float(figures.unique_pitches),
        "steps_of_a_second_or_less": float((steps <= 2).mean()) if len(steps) else 0.0,
        "repeated_4_grams": repetitions(pitches)[4],
        "repeated_bars": repeated_bars(melody),
        "longest_run": float(figures.longest_run),
    }
    if other is not None:
        row["chords_per_bar"] = len(other) / max(melody.end / (4 * melody.steps_per_quarter), 1e-9)
        row["melody_on_chord_tones"] = chord_tones(melody, other)
    return row


def repeated_bars(melody: QuantizedTrack, quarters: int = 4) -> float:
    """Return the share of bars of `quarters` quarters that occurred before in the piece, note for note."""
    symbols = encode_steps(melody)
    bar = quarters * melody.steps_per_quarter
    bars = [tuple(symbols[at : at + bar]) for at in range(0, len(symbols) - bar + 1, bar)]
    return 1 - len(set(bars)) / len(bars) if bars else 0.0


def chord_tones(melody: QuantizedTrack, accompaniment: QuantizedTrack) -> float:
    """Return the share of the melody's notes whose pitch class sounds in the accompaniment at their onset."""
    starts = np.array(accompaniment.onsets)
    if not len(starts) or not len(melody):
        return 0.0
    fits = []
    for onset, pitches in zip(melody.onsets, melody.pitches, strict=True):
        at = int(np.searchsorted(starts, onset, side="right")) - 1
        if at >= 0 and onset < starts[at] + accompaniment.lengths[at]:
            fits.append(pitches[-1] % 12 in {pitch % 12 for pitch in accompaniment.pitches[at]})
    return float(np.mean(fits)) if fits else 0.0


def choose_sampling(bundle: MelodyBundle, songs: Sequence[Song], pieces: int = 32) -> SamplingParams:
    """Return the candidate whose pieces are most similar to `songs`, which must not be those of the evaluation.

    Most sixteenths hold the sounding note. Truncating the distribution at each step therefore removes onsets: pieces
    slow down and end in silence, the more so the less certain a network is.
    """
    real = real_pieces(songs)
    found = []
    for params in CANDIDATES:
        generated: list[TwoPartPiece] = []
        for style, count in _shares(songs, pieces).items():
            generated += generate(bundle, count, BARS, style, replace(params, seed=2))
        found.append(distance(generated, real))
    return CANDIDATES[int(np.argmin(found))]


def distance(generated: Sequence[TwoPartPiece], real: Sequence[TwoPartPiece]) -> float:
    """Return the mean difference of the measures' means, in standard deviations of the real pieces."""
    rows = [describe(piece) for piece in real if len(piece.melody)]
    means = music(generated)
    differences = []
    for name, mean in music(real).items():
        spread = float(np.std([row[name] for row in rows]))
        differences.append(abs(means.get(name, 0.0) - mean) / max(spread, 1e-6))
    return float(np.mean(differences)) if differences else 0.0


def evaluate(
    bundle: MelodyBundle, songs: Sequence[Song], pieces: int = 96, params: SamplingParams | None = None, seed: int = 1
) -> dict[str, Any]:
    """Return held-out figures and measures of every variant, and of real music, with styles as frequent as in songs.

    The keys are part of manifests.
    """
    chosen = replace(params or SamplingParams(), seed=seed)
    variants = sorted({variant for graph in bundle.manifest.graphs.values() for variant in graph.variants})
    parts = bundle.manifest.graphs
    real = real_pieces(songs)
    report: dict[str, Any] = {
        "drawing": {"temperature": chosen.temperature, "top_p": chosen.top_p},
        "bars": BARS,
        "songs": len(songs),
        "real": music(real),
        "real_pieces": len(real),
    }
    for variant in variants:
        generated: list[TwoPartPiece] = []
        for style, count in _shares(songs, pieces).items():
            generated += generate(bundle, count, BARS, style, chosen, variant)
        report[variant] = {
            "held_out": {part: held_out(bundle, part, songs, variant) for part in parts},
            "music": music(generated),
            "pieces": len(generated),
        }
    return report


def _shares(songs: Sequence[Song], pieces: int) -> dict[str, int]:
    styles = [song.style for song in songs]
    counts = {style: round(pieces * styles.count(style) / len(styles)) for style in sorted(set(styles))}
    return {style: count for style, count in counts.items() if count}


def _share_of_rest(symbols: Sequence[str]) -> float:
    is_rest, count = True, 0
    for symbol in symbols:
        is_rest = is_rest if symbol == HOLD else symbol == REST
        count += is_rest
    return count / max(len(symbols), 1)


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    values = logits.astype(np.float64)
    values -= values.max(axis=1, keepdims=True)
    return np.asarray(values - np.log(np.exp(values).sum(axis=1, keepdims=True)), np.float64)
