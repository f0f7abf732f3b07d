"""Similarity of two sets of pieces by the distances within and between them, per feature (Yang & Lerch 2018).

See references.md §4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from euterpe_music.piece import Piece
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEATURES: Final = (
    "pitch_count", "pitch_class_histogram", "pitch_class_transition_matrix", "pitch_range", "mean_interval",
    "mean_inter_onset_interval", "note_length_histogram", "note_length_transition_matrix",
)  # fmt: skip
#: The twelve classes of note lengths, in quarters: whole to sixteenth notes, dotted ones, triplets.
_LENGTHS: Final = np.array([4, 2, 1, 0.5, 0.25, 3, 1.5, 0.75, 0.375, 4 / 3, 2 / 3, 1 / 3])
#: Points of the grid that all densities of a feature share.
_GRID: Final = 1000
_TINY: Final = 1e-12


@dataclass(frozen=True)
class Likeness:
    """Overlap area (1: equal) and Kullback-Leibler divergence (0: equal) of two densities of distances."""

    overlap_area: float
    kl: float


def features(piece: Piece) -> dict[str, Array]:
    """Return every feature of a piece as a flat array; zeros for a piece without notes."""
    notes = piece.notes
    pitches = notes["pitch"].astype(np.int64)
    onsets = np.unique(notes["onset"]) / piece.ticks_per_quarter
    lengths = np.abs(notes["duration"][:, None] / piece.ticks_per_quarter - _LENGTHS).argmin(1)
    gaps, steps = np.diff(onsets), np.abs(np.diff(pitches))
    return {
        "pitch_count": np.array([float(len(np.unique(pitches)))]),
        "pitch_class_histogram": np.bincount(pitches % 12, minlength=12) / max(len(pitches), 1),
        "pitch_class_transition_matrix": _transitions(pitches % 12),
        "pitch_range": np.array([float(np.ptp(pitches)) if len(pitches) else 0.0]),
        "mean_interval": np.array([steps.mean() if len(steps) else 0.0]),
        "mean_inter_onset_interval": np.array([gaps.mean() if len(gaps) else 0.0]),
        "note_length_histogram": np.bincount(lengths, minlength=12) / max(len(lengths), 1),
        "note_length_transition_matrix": _transitions(lengths),
    }


def likeness(generated: Sequence[Piece], reference: Sequence[Piece]) -> dict[str, Likeness]:
    """Compare, per feature, the distances within the reference with those between reference and generated pieces.

    Both densities are Gaussian kernel estimates (Scott's rule) on one grid over all distances of the feature; the
    paper's public implementation uses different grids for its divergence.
    """
    made, real = [features(piece) for piece in generated], [features(piece) for piece in reference]
    result = {}
    for name in FEATURES:
        ours, theirs = (np.stack([row[name] for row in rows]) for rows in (made, real))
        within = _distances(theirs, theirs)[np.triu_indices(len(theirs), 1)]
        between = _distances(theirs, ours).ravel()
        result[name] = compare_densities(within, between)
    return result


def compare_densities(one: Array, other: Array) -> Likeness:
    """Return the overlap area of the densities of two samples, and the divergence of the first from the second."""
    top = max(float(one.max()), float(other.max()), _TINY)
    low, high = -0.1 * top, 1.1 * top
    p, q = (_density(values, low, high) for values in (one, other))
    return Likeness(float(np.minimum(p, q).sum()), float((p * np.log((p + _TINY) / (q + _TINY))).sum()))


def mean_overlap(found: dict[str, Likeness]) -> float:
    """Return the mean overlap area over the features."""
    return float(np.mean([one.overlap_area for one in found.values()]))


def _transitions(states: NDArray[np.int64]) -> Array:
    """Return the shares [144] of the transitions from each of twelve states to each."""
    counts = np.bincount(12 * states[:-1] + states[1:], minlength=144) if len(states) > 1 else np.zeros(144)
    return np.asarray(counts / max(counts.sum(), 1), np.float64)


def _distances(one: Array, other: Array) -> Array:
    """Return the Euclidean distances of all rows to all rows."""
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * one @ other.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float64)


def _density(values: Array, low: float, high: float) -> Array:
    """Return the shares of a Gaussian kernel estimate in the cells of a grid: a fine histogram, convolved."""
    counts, _ = np.histogram(values, _GRID, (low, high))
    width = max(float(values.std()) * len(values) ** -0.2, (high - low) / _GRID)
    offsets = (np.arange(_GRID) - _GRID // 2) * (high - low) / _GRID
    kernel = np.exp(-0.5 * (offsets / width) ** 2)
    blurred = np.convolve(counts, kernel / kernel.sum(), mode="same")
    return np.asarray(blurred / max(blurred.sum(), _TINY), np.float64)
