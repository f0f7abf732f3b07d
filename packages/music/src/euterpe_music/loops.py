"""Loops: from where on a piece does nothing but repeat itself.

Greedy decoding falls into a loop and does not leave it (thesis 001); here is where, for any piece.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import Piece

#: What is repeated has to come this many times in all, or it is no loop yet but a repetition.
_TIMES: Final = 3
_QUARTERS_PER_BAR: Final = 4


@dataclass(frozen=True)
class Loop:
    """A loop up to the end of a piece: the bar in which it begins, counted from 1, and its length in bars of 4/4."""

    start_bar: int
    period_bars: float


def find_loop(piece: Piece) -> Loop | None:
    """The loop in which a piece ends; None when it ends in none.

    Everything that begins at one moment is compared, with the time to the next moment: pitches, durations and tracks.
    The last moment may have been cut off, and does not count. A loop is at least a quarter long, and comes at least
    three times; of several periods, the one that begins first counts, and then the shortest.
    """
    onsets, words = _moments(piece)
    count = len(words)
    best: tuple[int, int] | None = None
    for period in (np.flatnonzero(words[-2::-1] == words[-1]) + 1).tolist() if count >= _TIMES else ():
        differing = np.flatnonzero(words[period:] != words[:-period])
        start = int(differing[-1]) + 1 if len(differing) else 0
        long_enough = onsets[count] - onsets[count - period] >= piece.ticks_per_quarter
        if count - start >= _TIMES * period and long_enough and (best is None or start < best[0]):
            best = (start, period)
    if best is None:
        return None
    start, period = best
    bar = _QUARTERS_PER_BAR * piece.ticks_per_quarter
    length = int(onsets[count] - onsets[count - period])
    return Loop(start_bar=int(onsets[start]) // bar + 1, period_bars=round(length / bar, 4))


def _moments(piece: Piece) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Onsets [moments], and for each but the last one a number that is the same where the same happens."""
    notes = piece.notes
    if not len(notes):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    onsets, first = np.unique(notes["onset"], return_index=True)
    mixed = notes["pitch"].astype(np.int64) * 1_000_003 + notes["duration"] * 7_919 + notes["track"] * np.int64(104_729)
    # A sum over a moment's notes does not depend on their order; the multiplication makes a chance equality unlikely.
    mixed = (mixed * 2_654_435_761) % 2_147_483_647
    return onsets, np.add.reduceat(mixed, first)[:-1] * 31 + np.diff(onsets) * 1_000_033
