"""What several groups of features need of a window, computed once."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.evaluation.scores import Ints, Score

Floats = NDArray[np.float64]
#: Name of a feature → its value.
Values = dict[str, float]

_PITCHES: Final = 128


@dataclass(frozen=True, eq=False)
class Line:
    """One voice: pitches, onsets and durations of its notes, in ticks."""

    pitch: Ints
    onset: Ints
    duration: Ints


@dataclass(frozen=True, eq=False)
class View:
    """A window's notes by onset. The pulse, the median time between onsets, is the unit of all rhythmic features."""

    score: Score
    #: Distinct onsets [moments], and how many notes begin at each.
    times: Ints
    counts: Ints
    #: Ticks between successive onsets [moments - 1], and their median.
    gaps: Ints
    pulse: float
    #: Whether a pitch sounds at each onset [moments, 128], and whether it begins there.
    sounding: NDArray[np.bool_]
    beginning: NDArray[np.bool_]
    #: The highest and the lowest sounding voice.
    melody: Line
    bass: Line


def make_view(score: Score) -> View:
    """The view of a window of at least two onsets; ValueError for fewer."""
    times, first, counts = np.unique(score.onset, return_index=True, return_counts=True)
    if len(times) < 2:
        raise ValueError(f"a window needs two onsets or more, got {len(times)}")
    gaps = np.diff(times)
    active = (score.onset[None] <= times[:, None]) & (score.end[None] > times[:, None])
    moment, note = np.nonzero(active)
    sounding = np.zeros((len(times), _PITCHES), bool)
    sounding[moment, score.pitch[note]] = True
    beginning = np.zeros_like(sounding)
    beginning[np.repeat(np.arange(len(times)), counts), score.pitch] = True
    highest = _PITCHES - 1 - sounding[:, ::-1].argmax(1)
    lowest = sounding.argmax(1)
    last = first + counts - 1
    melody = _line(score, last[score.pitch[last] == highest])
    bass = _line(score, first[score.pitch[first] == lowest])
    return View(score, times, counts, gaps, float(np.median(gaps)), sounding, beginning, melody, bass)


def _line(score: Score, notes: Ints) -> Line:
    return Line(score.pitch[notes], score.onset[notes], score.duration[notes])


def entropy(counts: NDArray[np.float64] | Ints) -> float:
    """Shannon's entropy in bits of shares proportional to `counts`; 0 without any."""
    shares = counts[counts > 0] / max(counts.sum(), 1e-12)
    return float(-(shares * np.log2(shares)).sum())


def value_entropy(values: Ints) -> float:
    """Entropy in bits of how often each value occurs."""
    return entropy(np.unique(values, return_counts=True)[1])


def share(mask: NDArray[np.bool_]) -> float:
    """Share of True; 0 for an empty mask."""
    return float(mask.mean()) if mask.size else 0.0


def mean(values: NDArray[Any]) -> float:
    """Mean; 0 for no values."""
    return float(np.mean(values)) if len(values) else 0.0


def longest_run(mask: NDArray[np.bool_]) -> int:
    """Most True in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
