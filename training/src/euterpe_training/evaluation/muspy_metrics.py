"""The metrics of muspy (Dong et al. 2020, section 4; references.md §4), without the package.

muspy was last released in 2022 and depends on music21 and pretty_midi; the formulas are a few lines each. Its polyphony
is by duration, unlike C-RNN-GAN's, and its rates count steps with *more* notes than the threshold. Metrics of drums are
omitted.
"""

from typing import Final

import numpy as np
from euterpe_music.measures import SCALES
from euterpe_music.piece import Piece
from numpy.typing import NDArray

#: Steps per quarter of the roll; muspy's default resolution.
_STEPS: Final = 24
_BEATS_PER_BAR: Final = 4
#: Longer pieces are cut to this many quarters.
_MAX_QUARTERS: Final = 2000


def muspy_metrics(piece: Piece, threshold: int = 2) -> dict[str, float]:
    """Return muspy's metrics under its names; nan where a metric is not defined for the piece."""
    pitches = piece.notes["pitch"].astype(np.int64)
    sounding = _sounding(piece)
    used = sounding[sounding > 0]
    classes = np.bincount(pitches % 12, minlength=12)
    in_scale = [classes[(np.array(SCALES["major"]) + root) % 12].sum() for root in range(12)]
    in_scale += [classes[(np.array(SCALES["harmonic minor"]) + root) % 12].sum() for root in range(12)]
    beats = _grouped(sounding, _STEPS)
    bars = _grouped(sounding, _STEPS * _BEATS_PER_BAR)
    return {
        "pitch_range": float(np.ptp(pitches)) if len(pitches) else float("nan"),
        "n_pitches_used": float(len(np.unique(pitches))),
        "n_pitch_classes_used": float((classes > 0).sum()),
        "polyphony": float(used.mean()) if len(used) else float("nan"),
        "polyphony_rate": float((sounding > threshold).mean()) if len(sounding) else float("nan"),
        "scale_consistency": max(in_scale) / len(pitches) if len(pitches) else float("nan"),
        "pitch_entropy": _entropy(np.bincount(pitches, minlength=128)),
        "pitch_class_entropy": _entropy(classes),
        "groove_consistency": _groove(piece),
        "empty_beat_rate": _empty(beats),
        "empty_measure_rate": _empty(bars),
    }


def _sounding(piece: Piece) -> NDArray[np.int64]:
    """Return the number of sounding notes at each step."""
    if not len(piece.notes):
        return np.zeros(0, np.int64)
    scaled = _STEPS / piece.ticks_per_quarter
    start = np.rint(piece.notes["onset"] * scaled).astype(np.int64)
    end = np.maximum(np.rint((piece.notes["onset"] + piece.notes["duration"]) * scaled).astype(np.int64), start + 1)
    length = min(int(end.max()), _MAX_QUARTERS * _STEPS)
    changes = np.zeros(length + 1, np.int64)
    np.add.at(changes, np.minimum(start, length), 1)
    np.add.at(changes, np.minimum(end, length), -1)
    return np.cumsum(changes)[:-1]


def _grouped(sounding: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    return np.pad(sounding, (0, -len(sounding) % steps)).reshape(-1, steps)


def _empty(groups: NDArray[np.int64]) -> float:
    return float((groups.max(1) == 0).mean()) if len(groups) else float("nan")


def _entropy(counts: NDArray[np.int64]) -> float:
    if not counts.sum():
        return float("nan")
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _groove(piece: Piece) -> float:
    """Return 1 minus the mean share of steps at which only one of two adjacent bars has an onset."""
    steps = _STEPS * _BEATS_PER_BAR
    places = np.rint(piece.notes["onset"] * (_STEPS / piece.ticks_per_quarter)).astype(np.int64)
    bars = min(int(places.max()) // steps + 1 if len(places) else 0, _MAX_QUARTERS // _BEATS_PER_BAR)
    if bars < 2:
        return float("nan")
    grid = np.zeros((bars, steps), bool)
    inside = places < bars * steps
    grid.ravel()[places[inside]] = True
    return float(1 - (grid[1:] != grid[:-1]).mean())
