"""Loops: passages in which a piece does nothing but repeat itself, hold a note or stay silent.

Greedy decoding falls into a loop and does not leave it (thesis 001).
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import Piece

#: A figure has to occur this many times in a row; before, it is a repetition.
_TIMES: Final = 3
#: A figure that the piece leaves again is a loop if it occurs this many times and lasts this many bars.
_TIMES_WITHIN: Final = 6
_BARS_WITHIN: Final = 8
#: A note or a silence that lasts longer than this many bars, and quarters, is a loop. Some files state bars of 1/4.
_STILL_BARS: Final = 2.0
_STILL_QUARTERS: Final = 6.0
#: Periods, in onsets, that are looked for within a piece.
_MAX_PERIOD: Final = 128


@dataclass(frozen=True)
class Loop:
    """A loop: the bar in which it begins, counted from 1, and its period in bars of the piece's meter there.

    `kind` is `repeated` for a figure, `held` for a note or chord, `silent` for a rest; the last two have the period 0.
    """

    start_bar: int
    period_bars: float
    kind: Literal["repeated", "held", "silent"] = "repeated"


def find_loop(piece: Piece) -> Loop | None:
    """Return the earliest loop of a piece; None without one.

    A loop is a figure that the piece repeats to its end, at least three times and at least a quarter long; a figure
    repeated at least six times over at least eight bars; or more than two bars in which nothing begins. Figures are
    compared by all that begins at one moment: pitches, durations, tracks, and the time to the next moment. The last
    moment may be cut off and does not count. Bars are those of the piece's meters.
    """
    onsets, moments = _moments(piece)
    if not len(onsets):
        return None
    loops = [_still(piece, onsets), _repeated(piece, onsets, moments)]
    return min((loop for loop in loops if loop), key=lambda loop: loop.start_bar, default=None)


def _repeated(piece: Piece, onsets: NDArray[np.int64], moments: NDArray[np.int64]) -> Loop | None:
    best: tuple[int, int] | None = None
    count = len(moments)
    for period in range(1, min(count // _TIMES, max(_MAX_PERIOD, 1)) + 1):
        differs = np.flatnonzero(moments[period:] != moments[:-period])
        edges = np.concatenate([[-1], differs, [count - period]])
        starts, lengths = edges[:-1] + 1, np.diff(edges) - 1 + period
        ticks = onsets[starts + lengths] - onsets[starts]
        at_end = (starts + lengths == count) & (lengths >= _TIMES * period)
        at_end &= onsets[count] - onsets[count - period] >= piece.ticks_per_quarter
        within = (lengths >= _TIMES_WITHIN * period) & (ticks >= _BARS_WITHIN * _bar_ticks(piece, onsets[starts]))
        found = np.flatnonzero(at_end | within)
        if len(found) and (best is None or int(starts[found[0]]) < best[0]):
            best = (int(starts[found[0]]), period)
    if best is None:
        return None
    start, period = best
    first, after = onsets[start], onsets[start + period]
    return Loop(_bar(piece, first), round(float((after - first) / _bar_ticks(piece, first)), 4))


def _still(piece: Piece, onsets: NDArray[np.int64]) -> Loop | None:
    """Return the first stretch of more than two bars in which nothing begins."""
    following = np.append(onsets[1:], piece.end_tick)
    least = np.maximum(_STILL_BARS * _bar_ticks(piece, onsets), _STILL_QUARTERS * piece.ticks_per_quarter)
    found = np.flatnonzero(following - onsets > least)
    if not len(found):
        return None
    start, stop = onsets[found[0]], following[found[0]]
    notes = piece.notes
    ends = (notes["onset"] + notes["duration"])[notes["onset"] <= start]
    is_held = min(int(ends.max()), int(stop)) - start > (stop - start) / 2
    return Loop(_bar(piece, start), 0.0, "held" if is_held else "silent")


def _bar(piece: Piece, tick: int) -> int:
    """Return the number of the bar at a tick, from 1."""
    return int(np.searchsorted(piece.bar_starts, tick, side="right"))


def _bar_ticks(piece: Piece, ticks: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """Return the length in ticks of the bar at each tick."""
    bars = piece.bar_starts
    if len(bars) < 2:
        return np.full(np.shape(ticks), 4 * piece.ticks_per_quarter)
    index = np.clip(np.searchsorted(bars, ticks, side="right") - 1, 0, len(bars) - 2)
    return np.asarray(bars[index + 1] - bars[index], np.int64)


def _moments(piece: Piece) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return onsets [moments + 1], and for each moment but the last a number that is equal where the same happens."""
    notes = piece.notes
    if not len(notes):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    onsets, first = np.unique(notes["onset"], return_index=True)
    mixed = notes["pitch"].astype(np.int64) * 1_000_003 + notes["duration"] * 7_919 + notes["track"] * np.int64(104_729)
    # A sum over a moment's notes does not depend on their order; the multiplication makes a chance equality unlikely.
    mixed = (mixed * 2_654_435_761) % 2_147_483_647
    return onsets, np.add.reduceat(mixed, first)[:-1] * 31 + np.diff(onsets) * 1_000_033
