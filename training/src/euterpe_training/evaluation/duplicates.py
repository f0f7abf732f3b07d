"""Detection of songs that are the same piece: copies, other arrangements of one file, transpositions."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.evaluation.interval_hashes import interval_hashes

#: Consecutive intervals of one hash.
_GRAM: Final = 8
#: Hashes in a sketch: the smallest ones of a piece (Broder 1997, bottom-k sketches).
SKETCH_SIZE: Final = 64
#: Minimum share of common hashes of two songs that are one piece.
_MIN_LIKENESS: Final = 0.5
#: Songs that are compared because of one hash; hashes of scales and trills are in many songs.
_MAX_HOLDERS: Final = 50


def sketches(pitches: NDArray[np.integer[Any]], offsets: NDArray[np.int64]) -> list[NDArray[np.uint64]]:
    """Return up to 64 hashes of each of several pieces, ascending; equal for transpositions.

    `pitches` are in order of onset, those of piece i at `offsets[i]:offsets[i + 1]`.
    """
    mixed = interval_hashes(pitches, _GRAM)
    return [_smallest(mixed[start : max(end - _GRAM, start)]) for start, end in pairwise(offsets.tolist())]


def _smallest(marks: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the smallest distinct hashes."""
    few = marks
    if len(marks) > 8 * SKETCH_SIZE:
        # Hashes are uniform, so about eight times as many as needed are below this limit, unless most are equal.
        few = _distinct(marks[marks < np.uint64(8 * SKETCH_SIZE * (2**64 // len(marks)))])
    return (few if SKETCH_SIZE <= len(few) < len(marks) else _distinct(marks))[:SKETCH_SIZE]


def _distinct(marks: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return distinct values in order; faster than np.unique for a few hundred."""
    marks = np.sort(marks)
    return marks[np.append(True, marks[1:] != marks[:-1])] if len(marks) else marks


def groups(sketches: Sequence[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """Return, for each song, the index of the first song that is the same piece (its own if there is none before)."""
    first = np.arange(len(sketches))

    def root(song: int) -> int:
        while first[song] != song:
            song = int(first[song])
        return song

    holders: dict[int, list[int]] = defaultdict(list)
    for song, (marks, common) in enumerate(zip(sketches, _shared(sketches), strict=True)):
        shared: dict[int, int] = defaultdict(int)
        for mark in common.tolist():
            for other in holders[mark][:_MAX_HOLDERS]:
                shared[other] += 1
            holders[mark].append(song)
        for other, count in shared.items():
            if (
                count >= _MIN_LIKENESS * min(len(marks), len(sketches[other]))
                and _likeness(marks, sketches[other]) >= _MIN_LIKENESS
            ):
                low, high = sorted((root(song), root(other)))
                first[high] = low
    return np.array([root(song) for song in range(len(sketches))], np.int64)


def _shared(sketches: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.uint64]]:
    """Return the hashes of each sketch that another sketch has, too: the few that can identify copies."""
    if not sketches:
        return []
    marks = np.concatenate(sketches)
    _, numbers, counts = np.unique(marks, return_inverse=True, return_counts=True)
    common = np.split(counts[numbers] > 1, np.cumsum([len(sketch) for sketch in sketches])[:-1])
    return [sketch[kept] for sketch, kept in zip(sketches, common, strict=True)]


def _likeness(marks: NDArray[np.uint64], others: NDArray[np.uint64]) -> float:
    """Estimate the share of common hashes from the smallest ones of both sketches."""
    union = np.union1d(marks, others)[:SKETCH_SIZE]
    return float(np.isin(union, np.intersect1d(marks, others)).mean()) if len(union) else 0.0
