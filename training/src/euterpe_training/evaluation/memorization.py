"""Memorization: n-grams of intervals of generated pieces that occur in the training songs, in any key."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.evaluation.interval_hashes import interval_hashes

#: Notes of an n-gram.
NGRAM: Final = 8
_LENGTHS: Final = (8, 12, 16, 24, 32, 48, 64, 96)

Pitches = NDArray[np.integer[Any]]


class MemorizationIndex:
    """All n-grams of some pieces, which are given by their pitches in order of onset."""

    def __init__(self, pieces: Sequence[Pitches]) -> None:
        self._pieces = pieces
        self._known: dict[int, NDArray[np.uint64]] = {}

    def share(self, pieces: Iterable[Pitches], n: int = NGRAM) -> float:
        """Return the share, in 0..1, of the n-grams of `pieces` that are in the index."""
        found = [self._found(pitches, n) for pitches in pieces]
        total = sum(len(one) for one in found)
        return sum(int(one.sum()) for one in found) / total if total else 0.0

    def longest(self, pieces: Sequence[Pitches]) -> int:
        """Return the notes of the longest known passage: 8, 12, 16, 24, 32, 48, 64, 96, or 0 for none."""
        longest = 0
        for n in _LENGTHS:
            if not any(self._found(pitches, n).any() for pitches in pieces):
                break
            longest = n
        return longest

    def _found(self, pitches: Pitches, n: int) -> NDArray[np.bool_]:
        if n not in self._known:
            hashes = [np.unique(interval_hashes(one, n - 1)) for one in self._pieces]
            self._known[n] = np.unique(np.concatenate(hashes)) if hashes else np.zeros(0, np.uint64)
        known, marks = self._known[n], interval_hashes(pitches, n - 1)
        if not len(known):
            return np.zeros(len(marks), bool)
        return np.asarray(known[np.minimum(np.searchsorted(known, marks), len(known) - 1)] == marks)
