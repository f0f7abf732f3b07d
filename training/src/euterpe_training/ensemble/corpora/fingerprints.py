"""Find pieces that share music, in any key and under any name, so that a split keeps them together."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.piece import NotePiece

_GRAM = 10
_KEPT_OF = 8
_MAX_PIECES_OF_GRAM = 40
_SHARED = 0.3
_MIN_SHARED_GRAMS = 3


def sketch(piece: NotePiece) -> np.ndarray:
    """Return hashes of the melody's n-grams of intervals, a fixed eighth of all possible ones (min-wise sampling)."""
    pitched = piece.notes["part"] != DRUM_PART
    onsets, pitches = piece.onsets[pitched], piece.notes["pitch"][pitched].astype(np.int64)
    if len(onsets) <= _GRAM:
        return np.zeros(0, dtype=np.uint64)
    times, index = np.unique(onsets, return_inverse=True)
    top = np.zeros(len(times), dtype=np.int64)
    np.maximum.at(top, index, pitches)
    steps = (np.diff(top) + 128).astype(np.uint64)
    if len(steps) < _GRAM:
        return np.zeros(0, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(steps, _GRAM)
    is_varied = (windows != windows[:, :1]).sum(axis=1) >= 4
    hashes = np.zeros(len(windows), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in range(_GRAM):
            hashes = (hashes ^ windows[:, column]) * np.uint64(0x9E3779B97F4A7C15)
            hashes ^= hashes >> np.uint64(29)
    hashes = np.unique(hashes[is_varied])
    return np.asarray(hashes[hashes % np.uint64(_KEPT_OF) == 0])


def clusters(sketches: Sequence[np.ndarray], works: Sequence[str]) -> np.ndarray:
    """Number the pieces' clusters: pieces of one work, or which share three tenths of the shorter one's sketch."""
    groups = _Groups(len(works))
    first_of_work: dict[str, int] = {}
    for number, work in enumerate(works):
        groups.join(first_of_work.setdefault(work, number), number)
    holders: dict[int, list[int]] = defaultdict(list)
    for number, hashes in enumerate(sketches):
        for value in hashes.tolist():
            holders[value].append(number)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for numbers in holders.values():
        if len(numbers) <= _MAX_PIECES_OF_GRAM:
            for position, first in enumerate(numbers):
                for second in numbers[position + 1 :]:
                    shared[first, second] += 1
    for (first, second), count in shared.items():
        shorter = min(len(sketches[first]), len(sketches[second]))
        if count >= _MIN_SHARED_GRAMS and count >= _SHARED * shorter:
            groups.join(first, second)
    return np.array([groups.find(number) for number in range(len(works))])


class _Groups:
    """Disjoint sets."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def find(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def join(self, first: int, second: int) -> None:
        roots = sorted((self.find(first), self.find(second)))
        self._parents[roots[1]] = roots[0]
