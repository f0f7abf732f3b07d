"""How much of a window was there before: figures of pitches, of rhythms and of both, at several lengths."""

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.evaluation.features.view import Line, Values, View
from euterpe_training.evaluation.scores import Ints

#: Lengths of the figures in notes, by what they consist of.
MELODY_FIGURES: Final = (2, 3, 4, 6, 8, 12)
BASS_FIGURES: Final = (3, 4, 8)
ALL_NOTES_FIGURES: Final = (4, 8, 12, 16)
RHYTHM_FIGURES: Final = (2, 4, 6, 8, 12)
JOINT_FIGURES: Final = (3, 4, 8)
MOMENT_FIGURES: Final = (1, 2, 4, 8)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


def repetition_features(view: View) -> Values:
    """Share of figures that occurred before in the window. Intervals make pitch figures the same in any key."""
    melody, bass = _intervals(view.melody), _intervals(view.bass)
    rhythm = view.gaps
    joint = melody * 100_003 + np.diff(view.melody.onset)
    everything = np.diff(view.score.pitch)
    values: Values = {}
    for name, tokens, lengths in (
        ("melody", melody, MELODY_FIGURES),
        ("bass", bass, BASS_FIGURES),
        ("all_notes", everything, ALL_NOTES_FIGURES),
        ("rhythm", rhythm, RHYTHM_FIGURES),
        ("melody_and_rhythm", joint, JOINT_FIGURES),
    ):
        values |= {f"{name}_figures_of_{n}": recurrence(tokens, n - 1 if name != "rhythm" else n) for n in lengths}
    values["melody_longest_figure"] = _longest(melody)
    values["rhythm_longest_figure"] = _longest(rhythm)
    values["pitch_compressibility"] = _compressibility(everything)
    values["rhythm_compressibility"] = _compressibility(rhythm)
    moments = _moments(view)
    return values | {f"moment_figures_of_{n}": recurrence(moments, n) for n in MOMENT_FIGURES}


def gram_hashes(tokens: Ints, length: int) -> NDArray[np.uint64]:
    """One hash for each `length` tokens in a row."""
    count = max(len(tokens) - length + 1, 0)
    mixed = np.zeros(count, np.uint64)
    values = tokens.astype(np.int64).view(np.uint64)
    for offset in range(length):
        mixed ^= values[offset : offset + count]
        mixed *= _MIX
        mixed ^= mixed >> np.uint64(29)
    return mixed


def recurrence(tokens: Ints, length: int) -> float:
    """Share of the n-grams of `tokens` that repeat an earlier one."""
    hashes = gram_hashes(tokens, length)
    return 1 - len(np.unique(hashes)) / len(hashes) if len(hashes) else 0.0


def _intervals(line: Line) -> Ints:
    return np.diff(line.pitch)


def _longest(tokens: Ints) -> float:
    """Tokens of the longest figure that occurs twice, as a share of all; by bisection."""
    low, high = 0, len(tokens) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if recurrence(tokens, middle) > 0 else (low, middle - 1)
    return low / max(len(tokens), 1)


def _compressibility(tokens: Ints) -> float:
    """Bytes that deflate needs per token, of tokens numbered by order of appearance."""
    if not len(tokens):
        return 0.0
    _, first, numbers = np.unique(tokens, return_index=True, return_inverse=True)
    ranks = np.argsort(np.argsort(first))
    return len(zlib.compress(ranks[numbers.ravel()].astype(np.uint8).tobytes(), 9)) / len(tokens)


def _moments(view: View) -> Ints:
    """One number for each onset but the last: chord shape, step of its lowest note, and time to the next onset."""
    first = np.cumsum(view.counts) - view.counts
    lowest = view.score.pitch[first]
    over = view.score.pitch - np.repeat(lowest, view.counts)
    shapes = np.add.reduceat(np.int64(1) << np.minimum(over, 60), first)
    rows = np.stack([shapes, np.diff(lowest, prepend=lowest[0]), np.append(view.gaps, 0)], 1)
    return gram_hashes(rows.ravel(), 3)[::3][:-1].view(np.int64)
