"""Whether a piece was composed or copied: passages of intervals that occur in other pieces, in whatever key.

A passage is a row of notes in order of onset, then pitch, and stands for its intervals. Longest runs are exact: a
passage of n notes is known only if all shorter ones in it are, so that bisection finds the longest.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.evaluation.scores import Ints

#: Notes of the n-grams whose share is reported.
NGRAM: Final = 8
#: Longest runs are searched up to this many notes.
LONGEST: Final = 512
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_BETWEEN_PIECES: Final = 1 << 40

Hashes = NDArray[np.uint64]
Pitches = NDArray[np.integer[Any]]


class KnownPassages:
    """The passages of some pieces, given by their pitches in order of onset; others are compared with them."""

    def __init__(self, pieces: Sequence[Pitches]) -> None:
        self._tokens = _tokens(pieces)
        self._powers: dict[int, Hashes] = {}

    def copied_share(self, pieces: Sequence[Pitches], notes: int = NGRAM) -> NDArray[np.float64]:
        """Return, for each piece, the share of its passages of `notes` notes that are known; 0 for a shorter piece."""
        return np.array([float(found.mean()) if len(found) else 0.0 for found in self._found(pieces, notes)])

    def pooled_share(self, pieces: Sequence[Pitches], notes: int = NGRAM) -> float:
        """Return the share, in 0..1, of the passages of `notes` notes of all pieces together that are known."""
        found = self._found(pieces, notes)
        total = sum(len(one) for one in found)
        return sum(int(one.sum()) for one in found) / total if total else 0.0

    def longest_runs(self, pieces: Sequence[Pitches]) -> Ints:
        """Return, for each piece, the notes of its longest known passage, 1 to 512."""
        low = np.ones(len(pieces), np.int64)
        high = np.array([min(len(piece), LONGEST) for piece in pieces], np.int64)
        while (open_pieces := np.flatnonzero(low < high)).size:
            # Most runs are short: look just above what is known before bisecting.
            middle = np.minimum((low + high + 1) // 2, 2 * np.maximum(low, NGRAM // 2))
            for notes in np.unique(middle[open_pieces]).tolist():
                asked = open_pieces[middle[open_pieces] == notes]
                found = self._found([pieces[at] for at in asked], notes)
                for at, marks in zip(asked.tolist(), found, strict=True):
                    low[at], high[at] = (notes, high[at]) if marks.any() else (low[at], notes - 1)
        return low

    def _found(self, pieces: Sequence[Pitches], notes: int) -> list[NDArray[np.bool_]]:
        known = self._known(notes - 1)
        found = []
        for piece in pieces:
            hashes = _grams(np.diff(piece.astype(np.int64)).view(np.uint64), notes - 1, {})
            place = np.minimum(np.searchsorted(known, hashes), max(len(known) - 1, 0))
            found.append(known[place] == hashes if len(known) else np.zeros(len(hashes), bool))
        return found

    def _known(self, length: int) -> Hashes:
        return np.sort(_grams(self._tokens, length, self._powers))


def _tokens(pieces: Sequence[Pitches]) -> Hashes:
    """Return intervals of all pieces, with a number between them that no interval has."""
    parts = [
        np.append(np.diff(piece.astype(np.int64)), _BETWEEN_PIECES + number) for number, piece in enumerate(pieces)
    ]
    return np.concatenate([np.zeros(0, np.int64), *parts]).view(np.uint64)


def _grams(tokens: Hashes, length: int, powers: dict[int, Hashes]) -> Hashes:
    """Return one hash for every `length` tokens in a row, joined from two rows of the largest power of two below."""
    if len(tokens) < length:
        return np.zeros(0, np.uint64)
    size, hashes = 1, powers.setdefault(1, _mixed(tokens, np.uint64(1)))
    while 2 * size <= length:
        if 2 * size not in powers:
            powers[2 * size] = _mixed(hashes[:-size], hashes[size:])
        size, hashes = 2 * size, powers[2 * size]
    count = len(tokens) - length + 1
    return _mixed(hashes[:count], hashes[length - size : length - size + count])


def _mixed(one: Hashes, other: Hashes | np.uint64) -> Hashes:
    mixed = (one * _MIX) ^ (one >> np.uint64(31))
    mixed = (mixed + other) * _MIX
    return np.asarray(mixed ^ (mixed >> np.uint64(29)), np.uint64)
