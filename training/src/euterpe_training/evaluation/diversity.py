"""How different a model's pieces are from each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from euterpe_training.evaluation.copied_passages import NGRAM
from euterpe_training.evaluation.features.repetition import gram_hashes
from euterpe_training.evaluation.scores import Score

#: Notes of an opening.
OPENING: Final = 12


@dataclass(frozen=True)
class Diversity:
    """Shares of unique pieces and of unique openings, and the mean share of a piece's 8-grams that another piece has.

    All are free of key and tempo.
    """

    unique: float
    unique_openings: float
    shared_grams: float


def measure_diversity(pieces: Sequence[Score]) -> Diversity:
    """The diversity of two pieces or more; of fewer, everything is unique."""
    if len(pieces) < 2:
        return Diversity(1.0, 1.0, 0.0)
    whole = {_identity(piece, len(piece)) for piece in pieces}
    openings = {_identity(piece, OPENING) for piece in pieces}
    grams = [np.unique(gram_hashes(np.diff(piece.pitch), NGRAM - 1)) for piece in pieces]
    _, numbers, counts = np.unique(np.concatenate(grams), return_inverse=True, return_counts=True)
    shared = np.split(counts[numbers] > 1, np.cumsum([len(each) for each in grams])[:-1])
    overlap = [float(marks.mean()) for marks in shared if len(marks)]
    return Diversity(len(whole) / len(pieces), len(openings) / len(pieces), float(np.mean(overlap)) if overlap else 0.0)


def _identity(piece: Score, notes: int) -> bytes:
    """Intervals and times between onsets in units of their greatest common divisor."""
    times = np.diff(piece.onset[:notes])
    unit = max(int(np.gcd.reduce(times)), 1) if len(times) else 1
    return np.concatenate([np.diff(piece.pitch[:notes]), times // unit]).tobytes()
