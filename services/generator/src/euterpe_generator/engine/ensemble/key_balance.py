"""Steers pieces to the key that was requested, by the time that each pitch class has sounded so far.

A pitch class that sounded less than it does in real pieces of the key becomes likelier, one that sounded more less
likely. A fixed bias, by contrast, feeds itself: the network repeats the tonic that it was made to play.
"""

from typing import Final

import numpy as np
from euterpe_music.key import KEYS
from euterpe_music.note_events.spec import COLUMN_SIZES, COLUMNS, PITCH_COUNT, PITCH_OFFSET
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array

#: Shares of the time that the pitch classes over the tonic sound in training pieces: means over 500 classical pieces,
#: 500 folk tunes and 500 pop songs.
_SHARES: Final = {
    "major": (0.198, 0.008, 0.128, 0.009, 0.154, 0.087, 0.013, 0.196, 0.012, 0.113, 0.010, 0.072),
    "minor": (0.229, 0.010, 0.092, 0.144, 0.014, 0.124, 0.011, 0.198, 0.053, 0.021, 0.073, 0.031),
}
#: Below this share a pitch class is foreign to the key: it becomes less likely, never likelier.
_FOREIGN: Final = 0.03
#: The bias in nats for a share that is e times too small, and its limits.
_STRENGTH, _LOWEST, _HIGHEST = 2.5, -4.0, 2.0
#: For how long, in 1/24 quarters of all parts, pitch classes count as having sounded as in real pieces at the start.
_PRIOR: Final = 192.0
_PITCH_CLASSES: Final = np.arange(PITCH_COUNT) % 12
_WIDTH: Final = COLUMN_SIZES[COLUMNS.index("pitch")]


class KeyBalance:
    """The keys that are requested for `rows` pieces."""

    def __init__(self, rows: int) -> None:
        self._shares = np.full((rows, 12), 1 / 12)
        self._is_active = np.zeros(rows, np.bool_)

    def reset(self, row: int, key: int | None) -> None:
        """Begin a piece in a key by its number in KEYS; None: any."""
        self._is_active[row] = key is not None
        if key is not None:
            tonic, _, mode = KEYS[key].partition(" ")
            self._shares[row] = np.roll(np.array(_SHARES[mode]) / sum(_SHARES[mode]), KEYS.index(f"{tonic} major"))

    def move(self, source: int, target: int) -> None:
        """Move a piece to another row."""
        self._shares[target], self._is_active[target] = self._shares[source], self._is_active[source]

    def bias(self, weights: NDArray[np.float64]) -> Array:
        """Return what is added to the logits of pitches [width, pitches], by how long each pitch class sounded.

        `weights` [width, 12] are times in 1/24 quarters. Drum keys and tempi have no bias.
        """
        width = len(weights)
        shares = self._shares[:width]
        sounded = (weights + _PRIOR * shares) / (weights.sum(axis=1, keepdims=True) + _PRIOR)
        highest = np.where(shares < _FOREIGN, 0.0, _HIGHEST)
        classes = np.clip(_STRENGTH * np.log(shares / sounded), _LOWEST, highest) * self._is_active[:width, None]
        bias = np.zeros((width, _WIDTH), np.float32)
        bias[:, PITCH_OFFSET : PITCH_OFFSET + PITCH_COUNT] = classes[:, _PITCH_CLASSES]
        return bias
