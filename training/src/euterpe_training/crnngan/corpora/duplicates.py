"""Which songs of a corpus are one piece: copies, other arrangements of one file, transpositions."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Intervals in a row that make one mark of a piece.
_GRAM: Final = 8
#: Marks that are kept of a piece: the smallest hashes (Broder 1997, bottom-k sketches).
SKETCH_SIZE: Final = 64
#: Share of common marks from which on two songs are one piece.
_ALIKE: Final = 0.5
#: A mark that so many songs share (scales, trills) says nothing about any two of them.
_TOO_COMMON: Final = 50


def interval_hashes(pitches: NDArray[np.integer[Any]], length: int) -> NDArray[np.uint64]:
    """One hash for every `length` intervals in a row, from pitches in order of onset; equal for transpositions."""
    intervals = np.diff(pitches.astype(np.int64)).view(np.uint64)
    mixed = np.zeros(max(len(intervals) - length + 1, 0), np.uint64)
    for offset in range(length):
        mixed ^= intervals[offset : offset + len(mixed)]
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def sketches(pitches: NDArray[np.integer[Any]], offsets: NDArray[np.int64]) -> list[NDArray[np.uint64]]:
    """Up to 64 marks of each of several pieces, ascending; equal for transpositions.

    `pitches` are in order of onset, those of piece i at `offsets[i]:offsets[i + 1]`.
    """
    mixed = interval_hashes(pitches, _GRAM)
    return [_smallest(mixed[start : max(end - _GRAM, start)]) for start, end in pairwise(offsets.tolist())]


def _smallest(marks: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The smallest distinct ones."""
    few = marks
    if len(marks) > 8 * SKETCH_SIZE:
        # Hashes spread evenly, so that about eight times as many as are wanted lie below this, unless most are equal.
        few = _distinct(marks[marks < np.uint64(8 * SKETCH_SIZE * (2**64 // len(marks)))])
    return (few if SKETCH_SIZE <= len(few) < len(marks) else _distinct(marks))[:SKETCH_SIZE]


def _distinct(marks: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """In order; for a few hundred faster than np.unique."""
    marks = np.sort(marks)
    return marks[np.append(True, marks[1:] != marks[:-1])] if len(marks) else marks


def groups(sketches: Sequence[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """For each song the index of the first song that is the same piece (its own, where there is none before)."""
    first = np.arange(len(sketches))

    def root(song: int) -> int:
        while first[song] != song:
            song = int(first[song])
        return song

    holders: dict[int, list[int]] = defaultdict(list)
    for song, (marks, common) in enumerate(zip(sketches, _shared(sketches), strict=True)):
        shared: dict[int, int] = defaultdict(int)
        for mark in common.tolist():
            for other in holders[mark][:_TOO_COMMON]:
                shared[other] += 1
            holders[mark].append(song)
        for other, count in shared.items():
            if count >= _ALIKE * min(len(marks), len(sketches[other])) and _likeness(marks, sketches[other]) >= _ALIKE:
                low, high = sorted((root(song), root(other)))
                first[high] = low
    return np.array([root(song) for song in range(len(sketches))], np.int64)


def _shared(sketches: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.uint64]]:
    """Of each sketch the marks that another one has, too: few, and all that tells of copies."""
    if not sketches:
        return []
    marks = np.concatenate(sketches)
    _, numbers, counts = np.unique(marks, return_inverse=True, return_counts=True)
    common = np.split(counts[numbers] > 1, np.cumsum([len(sketch) for sketch in sketches])[:-1])
    return [sketch[kept] for sketch, kept in zip(sketches, common, strict=True)]


def _likeness(marks: NDArray[np.uint64], others: NDArray[np.uint64]) -> float:
    """Estimate of the share of common marks, from the smallest of both."""
    union = np.union1d(marks, others)[:SKETCH_SIZE]
    return float(np.isin(union, np.intersect1d(marks, others)).mean()) if len(union) else 0.0
