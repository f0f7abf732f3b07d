"""Ruts: notes and figures that a piece repeats without an end."""

from typing import Final

import numpy as np
from euterpe_music.piece import Piece

_LONGEST_PERIOD: Final = 64
_QUARTERS_PER_BAR: Final = 4


def longest_loop_bars(piece: Piece) -> float:
    """Bars (of four quarters) of the longest passage that repeats one figure of up to 64 notes exactly.

    Equal are pitch, length and distance to the next onset. A figure played once is no loop: 0 without a repetition.
    A stuck note is a figure of one note.
    """
    notes = piece.notes
    if len(notes) < 2:
        return 0.0
    onsets = notes["onset"].astype(np.int64)
    last = onsets[-1] + int(notes["duration"][-1])
    rows = np.stack([notes["pitch"].astype(np.int64), notes["duration"], np.diff(onsets, append=last)], 1)
    ends = np.append(onsets, last)
    longest = 0
    for period in range(1, min(_LONGEST_PERIOD, len(rows) // 2) + 1):
        same = np.concatenate([[False], (rows[period:] == rows[:-period]).all(1), [False]]).astype(np.int8)
        starts, stops = np.flatnonzero(np.diff(same) == 1), np.flatnonzero(np.diff(same) == -1)
        whole = stops - starts >= period
        if whole.any():
            # A run of equalities from i on repeats what lies a period before and after it.
            spans = ends[stops[whole] + period] - ends[starts[whole]]
            longest = max(longest, int(spans.max()))
    return longest / piece.ticks_per_quarter / _QUARTERS_PER_BAR
