"""Keeps every requested instrument playing: one that hardly plays becomes likelier, bar by bar, until it does.

Networks leave out instruments that their corpora rarely have together. In real pieces of two to four parts, the one
that plays least has 12 to 44 % of the notes (docs/studies/ensemble-parts.md).
"""

from typing import Any, Final

import numpy as np
from euterpe_music.note_events.cursor_batch import Integers
from euterpe_music.note_events.instruments import PART_COUNT
from euterpe_music.note_events.spec import BAR, PART_OFFSET
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array

#: The least share of the notes that a part keeps, of what it would have if all parts had the same.
_LEAST_SHARE: Final = 0.3
#: By which factor shares of earlier bars count less with every bar.
_MEMORY: Final = 0.75
#: What is added to the logit of a part for every bar below the least share, taken back above it, and the most.
_RISE, _FALL, _MAX_NUDGE = 1.5, 0.5, 20.0


class PartBalance:
    """Shares of the parts in the latest bars, and the nudges that follow from them, for `rows` pieces."""

    def __init__(self, rows: int) -> None:
        #: Requested parts; without any, nothing is changed.
        self._wanted = np.zeros((rows, PART_COUNT), np.bool_)
        self._counts = np.zeros((rows, PART_COUNT))
        self._shares = np.zeros((rows, PART_COUNT))
        self._nudges = np.zeros((rows, PART_COUNT), np.float32)

    def reset(self, row: int, parts: tuple[int, ...]) -> None:
        """Begin a piece with these requested parts, which count as having their least shares."""
        self._wanted[row], self._counts[row], self._nudges[row] = False, 0.0, 0.0
        self._wanted[row, list(parts)] = True
        self._shares[row] = self._least(row)

    def move(self, source: int, target: int) -> None:
        """Move a piece to another row."""
        for array in (self._wanted, self._counts, self._shares, self._nudges):
            array[target] = array[source]

    def save(self, row: int) -> tuple[NDArray[Any], ...]:
        """Return the state of a row, as `restore` takes it."""
        return self._counts[row].copy(), self._shares[row].copy(), self._nudges[row].copy()

    def restore(self, row: int, saved: tuple[NDArray[Any], ...]) -> None:
        """Return a row to a saved state of the same piece."""
        self._counts[row], self._shares[row], self._nudges[row] = saved

    def count(self, events: Integers) -> None:
        """Take in the latest event of the first rows [width, 5]."""
        notes = np.flatnonzero(events[:, 0] < BAR)
        self._counts[notes, events[notes, 1] - PART_OFFSET] += 1.0
        for row in np.flatnonzero(events[:, 0] == BAR).tolist():
            self._end_bar(row)

    def nudges(self, width: int) -> Array:
        """Return what is added to the logits of parts [width, parts]."""
        return self._nudges[:width]

    def _end_bar(self, row: int) -> None:
        wanted = self._wanted[row]
        if not wanted.any():
            return
        counts = np.where(wanted, self._counts[row], 0.0)
        # Before the first note there are no shares. A bar of rests lowers all of them.
        shares = counts / max(counts.sum(), 1.0)
        self._shares[row] = _MEMORY * self._shares[row] + (1.0 - _MEMORY) * shares
        is_below = wanted & (self._shares[row] < self._least(row))
        change = np.where(is_below, _RISE, -_FALL)
        self._nudges[row] = np.where(wanted, np.clip(self._nudges[row] + change, 0.0, _MAX_NUDGE), 0.0)
        self._counts[row] = 0.0

    def _least(self, row: int) -> NDArray[np.float64]:
        wanted = self._wanted[row]
        return np.where(wanted, _LEAST_SHARE / max(int(wanted.sum()), 1), 0.0)
