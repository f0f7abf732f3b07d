"""What a bundle is worth: held-out loss of its very graphs, and its music next to songs that it never saw."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
from euterpe_music.bundle import MelodyBundle
from euterpe_music.manifest import Variant
from euterpe_music.measures import measure, repetitions
from euterpe_music.tokens import REST, QuantizedTrack, encode_steps, fill_bar_lag_tokens, to_piece
from numpy.typing import NDArray

from euterpe_training.melody.corpus import Song
from euterpe_training.melody.sampling import Composed, Drawing, Network, compose

#: Bars of pieces that are compared.
BARS: Final = 16
#: Ways to draw of which a bundle's default is chosen.
DRAWINGS: Final = tuple(
    Drawing(temperature, top_p)
    for temperature, top_p in ((0.9, 0.95), (0.95, 0.97), (0.95, 0.99), (1.0, 0.98), (1.0, 1.0))
)


def held_out(bundle: MelodyBundle, part: Literal["melody", "accompaniment"], songs: Sequence[Song],
             variant: Variant = "fp32") -> dict[str, float]:  # fmt: skip
    """Loss in nats, perplexity and accuracy per token, whole songs run step by step as a service would."""
    network = Network(bundle, part, variant)
    styles = bundle.manifest.styles
    rows = [network.vocabulary.encode(encode_steps(getattr(song, part)))[0] for song in songs]
    steps = max(len(row) for row in rows)
    tokens = np.full((steps, len(rows)), -1, np.int64)
    for at, row in enumerate(rows):
        tokens[: len(row), at] = row
    tables = [network.table(song.form(styles.index(song.style)), song.melody) for song in songs]
    network.begin(len(rows))
    previous, loss, right, count = np.zeros(len(rows), np.int64), 0.0, 0, 0
    for step in range(steps):
        told = np.stack([table[min(step, len(table) - 1)] for table in tables])
        logits = network.step(previous, fill_bar_lag_tokens(told, network.echoes, np.maximum(tokens.T, 0)))
        live = tokens[step] >= 0
        previous = np.maximum(tokens[step], 0)
        picked = _log_softmax(logits)[np.arange(len(rows)), previous]
        loss -= float(picked[live].sum())
        right += int((logits.argmax(1) == previous)[live].sum())
        count += int(live.sum())
    mean = loss / count
    return {"loss": mean, "perplexity": float(np.exp(mean)), "accuracy": right / count}


def real_pieces(songs: Sequence[Song], bars: int = BARS) -> list[Composed]:
    """The first bars of songs that have as many, from their first full bar."""
    found = []
    for song in songs:
        if len(song.bars) > bars:
            start, stop = song.bars[0], song.bars[bars]
            found.append(Composed(song.melody.window(start, stop), song.accompaniment.window(start, stop)))
    return found


def music(pieces: Sequence[Composed]) -> dict[str, float]:
    """Means over pieces; see `describe`."""
    rows = [describe(piece) for piece in pieces if len(piece.melody)]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}


def describe(composed: Composed) -> dict[str, float]:
    """A piece's measures: shares in 0..1, lengths in quarters."""
    melody, other = composed.melody, composed.accompaniment
    figures = measure(to_piece(melody))
    pitches = np.array([each[-1] for each in melody.pitches])
    steps = np.abs(np.diff(pitches))
    words = encode_steps(melody)
    row = {
        "notes_per_quarter": len(melody) / (melody.end / melody.steps_per_quarter),
        "mean_note_length": figures.mean_duration_quarters,
        "unique_note_lengths": float(len(set(melody.lengths))),
        "rests": _share_of_rest(words),
        "in_scale": figures.scale_score,
        "tone_span": float(figures.tone_span),
        "unique_pitches": float(figures.unique_pitches),
        "steps_of_a_second_or_less": float((steps <= 2).mean()) if len(steps) else 0.0,
        "repeated_4_grams": repetitions(pitches)[4],
        "repeated_bars": repeated_bars(melody),
        "longest_run": float(figures.longest_run),
    }
    if other is not None:
        row["chords_per_bar"] = len(other) / max(melody.end / 16, 1e-9)
        row["melody_on_chord_tones"] = chord_tones(melody, other)
    return row


def repeated_bars(melody: QuantizedTrack, bar: int = 16) -> float:
    """Share of stretches of `bar` steps that came before in the piece, note for note."""
    words = encode_steps(melody)
    bars = [tuple(words[at : at + bar]) for at in range(0, len(words) - bar + 1, bar)]
    return 1 - len(set(bars)) / len(bars) if bars else 0.0


def chord_tones(melody: QuantizedTrack, accompaniment: QuantizedTrack) -> float:
    """Share of the melody's notes that belong to what the accompaniment sounds when they begin."""
    starts = np.array(accompaniment.onsets)
    if not len(starts) or not len(melody):
        return 0.0
    fits = []
    for onset, pitches in zip(melody.onsets, melody.pitches, strict=True):
        at = int(np.searchsorted(starts, onset, side="right")) - 1
        if at >= 0 and onset < starts[at] + accompaniment.lengths[at]:
            fits.append(pitches[-1] % 12 in {pitch % 12 for pitch in accompaniment.pitches[at]})
    return float(np.mean(fits)) if fits else 0.0


def choose_drawing(bundle: MelodyBundle, songs: Sequence[Song], pieces: int = 32) -> Drawing:
    """Of DRAWINGS, the one whose pieces are nearest to `songs`, which must not be those that judge the bundle.

    A sixteenth is most likely one that holds what sounds. To leave out the unlikely at each of them is to leave out
    beginnings, note after note: pieces slow down and fall silent, the more so the less a network is sure.
    """
    real = real_pieces(songs)
    found = []
    for drawing in DRAWINGS:
        made: list[Composed] = []
        for style, count in _shares(songs, pieces).items():
            made += compose(bundle, count, BARS, style, replace(drawing, seed=2))
        found.append(distance(made, real))
    return DRAWINGS[int(np.argmin(found))]


def distance(made: Sequence[Composed], real: Sequence[Composed]) -> float:
    """How far the means of the measures are apart, on average, in standard deviations of the real pieces'."""
    rows = [describe(piece) for piece in real if len(piece.melody)]
    means = music(made)
    apart = []
    for name, mean in music(real).items():
        spread = float(np.std([row[name] for row in rows]))
        apart.append(abs(means.get(name, 0.0) - mean) / max(spread, 1e-6))
    return float(np.mean(apart)) if apart else 0.0


def judge(
    bundle: MelodyBundle, songs: Sequence[Song], pieces: int = 96, drawing: Drawing | None = None, seed: int = 1
) -> dict[str, Any]:
    """Held-out figures and music of every variant, beside real music: as many pieces of each style as songs have."""
    drawn = replace(drawing or Drawing(), seed=seed)
    variants = sorted({variant for graph in bundle.manifest.graphs.values() for variant in graph.variants})
    parts = bundle.manifest.graphs
    real = real_pieces(songs)
    report: dict[str, Any] = {
        "drawing": {"temperature": drawn.temperature, "top_p": drawn.top_p},
        "bars": BARS,
        "songs": len(songs),
        "real": music(real),
        "real_pieces": len(real),
    }
    for variant in variants:
        made: list[Composed] = []
        for style, count in _shares(songs, pieces).items():
            made += compose(bundle, count, BARS, style, drawn, variant)
        report[variant] = {
            "held_out": {part: held_out(bundle, part, songs, variant) for part in parts},
            "music": music(made),
            "pieces": len(made),
        }
    return report


def _shares(songs: Sequence[Song], pieces: int) -> dict[str, int]:
    styles = [song.style for song in songs]
    counts = {style: round(pieces * styles.count(style) / len(styles)) for style in sorted(set(styles))}
    return {style: count for style, count in counts.items() if count}


def _share_of_rest(words: Sequence[str]) -> float:
    resting, count = True, 0
    for word in words:
        resting = resting if word == "_" else word == REST
        count += resting
    return count / max(len(words), 1)


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    values = logits.astype(np.float64)
    values -= values.max(axis=1, keepdims=True)
    return np.asarray(values - np.log(np.exp(values).sum(axis=1, keepdims=True)), np.float64)
