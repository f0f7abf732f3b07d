"""Loops: figures that a piece repeats exactly, without interruption."""

from typing import Final

import numpy as np
from euterpe_music.piece import Piece

_MAX_PERIOD: Final = 64
_QUARTERS_PER_BAR: Final = 4


def longest_loop_bars(piece: Piece) -> float:
    """Return the bars (of four quarters) of the longest passage that repeats a figure of up to 64 notes exactly.

    Repeated notes are equal in pitch, length and distance to the next onset; a single repeated note is a figure, too.
    Return 0 for a piece without repetition.
    """
    notes = piece.notes
    if len(notes) < 2:
        return 0.0
    onsets = notes["onset"].astype(np.int64)
    last = onsets[-1] + int(notes["duration"][-1])
    rows = np.stack([notes["pitch"].astype(np.int64), notes["duration"], np.diff(onsets, append=last)], 1)
    ends = np.append(onsets, last)
    longest = 0
    for period in range(1, min(_MAX_PERIOD, len(rows) // 2) + 1):
        same = np.concatenate([[False], (rows[period:] == rows[:-period]).all(1), [False]]).astype(np.int8)
        starts, stops = np.flatnonzero(np.diff(same) == 1), np.flatnonzero(np.diff(same) == -1)
        whole = stops - starts >= period
        if whole.any():
            # A run of equalities from i on covers the notes from i to one period after its end.
            spans = ends[stops[whole] + period] - ends[starts[whole]]
            longest = max(longest, int(spans.max()))
    return longest / piece.ticks_per_quarter / _QUARTERS_PER_BAR
