"""What every part of many sequences played last, note by note; see `part_history`."""

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_events.instruments import PART_COUNT
from euterpe_music.note_events.part_history import (
    HISTORY_SIZES,
    LONGER_AGO,
    NEVER,
    PREVIOUS_BAR,
    SAME_BAR,
    SAME_ONSET,
    pitch_of_column,
)

_BAR, _POSITION, _PITCH, _TOP, _TOP_BEFORE, _LENGTH, _VELOCITY = range(7)
_AGES = np.array([SAME_BAR, PREVIOUS_BAR, LONGER_AGO])


class HistoryBatch:
    """The latest notes of the parts of each row."""

    def __init__(self, rows: int) -> None:
        self._latest = np.zeros((rows, PART_COUNT, 7), np.int64)
        self._latest[:, :, _BAR] = -1

    def reset(self, row: int) -> None:
        """Forget the notes of a row."""
        self._latest[row] = 0
        self._latest[row, :, _BAR] = -1

    def move(self, source: int, target: int) -> None:
        """Copy a row over another."""
        self._latest[target] = self._latest[source]

    def add(
        self, rows: NDArray[np.int64], bars: NDArray[np.int64], parts: NDArray[np.int64], events: NDArray[np.int64]
    ) -> None:
        """Take in a note of each of some rows: events [n, 5]."""
        latest = self._latest[rows, parts]
        pitch = pitch_of_column(events[:, 2])
        is_same = (latest[:, _BAR] == bars) & (latest[:, _POSITION] == events[:, 0])
        before = np.where(is_same, latest[:, _TOP_BEFORE], latest[:, _TOP])
        top = np.where(is_same, latest[:, _TOP], pitch)
        columns = (bars, events[:, 0], pitch, top, before, events[:, 3], events[:, 4])
        self._latest[rows, parts] = np.stack(columns, axis=1)

    def describe(
        self, bars: NDArray[np.int64], parts: NDArray[np.int64], positions: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the histories of a part of each of the first n rows [n, 5]; see `part_history`."""
        count = len(bars)
        latest = self._latest[np.arange(count), parts]
        is_same = (latest[:, _BAR] == bars) & (latest[:, _POSITION] == positions)
        age = np.where(is_same, SAME_ONSET, _AGES[np.clip(bars - latest[:, _BAR], 0, len(_AGES) - 1)])
        found = np.empty((count, len(HISTORY_SIZES)), np.int64)
        found[:, 0] = latest[:, _PITCH]
        found[:, 1] = np.where(is_same, latest[:, _TOP_BEFORE], latest[:, _TOP])
        found[:, 2], found[:, 3] = latest[:, _LENGTH], latest[:, _VELOCITY]
        found[:, 4] = np.where(latest[:, _BAR] < 0, NEVER, age)
        return found
