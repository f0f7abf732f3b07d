"""Hashes of passages by their intervals: equal for equal passages in any key."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def interval_hashes(pitches: NDArray[np.integer[Any]], length: int) -> NDArray[np.uint64]:
    """Return one hash for every `length` consecutive intervals of `pitches` in order of onset."""
    intervals = np.diff(pitches.astype(np.int64)).view(np.uint64)
    mixed = np.zeros(max(len(intervals) - length + 1, 0), np.uint64)
    for offset in range(length):
        mixed ^= intervals[offset : offset + len(mixed)]
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed
