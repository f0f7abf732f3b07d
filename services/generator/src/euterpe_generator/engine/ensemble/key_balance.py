"""Steers pieces to a key, by the time that each pitch class has sounded so far.

The key is the requested one or, where it was left open, the one of two that the piece so far fits better. A pitch class
that sounded less than it does in real pieces of the key becomes likelier, one that sounded more less likely. A fixed
bias, by contrast, feeds itself: the network repeats the tonic that it was made to play.
"""

from typing import Final

import numpy as np
from euterpe_music.key import KEYS, key_profile
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
#: From how much sound on a key that was left open is estimated: a bar of three parts, or three of one.
_ESTIMATED_FROM: Final = 288.0
_NONE: Final = -1
_PITCH_CLASSES: Final = np.arange(PITCH_COUNT) % 12
_WIDTH: Final = COLUMN_SIZES[COLUMNS.index("pitch")]


def _key_shares() -> NDArray[np.float64]:
    """Return the shares of the pitch classes in each of KEYS [24, 12]."""
    modes = [np.array(shares) / sum(shares) for shares in _SHARES.values()]
    return np.array([np.roll(mode, tonic) for mode in modes for tonic in range(12)])


_KEY_SHARES: Final = _key_shares()
_PROFILES: Final = np.array([key_profile(key) for key in KEYS])


class KeyBalance:
    """The keys of `rows` pieces."""

    def __init__(self, rows: int) -> None:
        #: The key of each piece, and another one that it may be in instead.
        self._keys = np.full((rows, 2), _NONE)

    def reset(self, row: int, keys: tuple[int, ...]) -> None:
        """Begin a piece in one of at most two keys, by their numbers in KEYS; without any, nothing is changed."""
        self._keys[row] = (*keys, _NONE, _NONE)[:2]

    def move(self, source: int, target: int) -> None:
        """Move a piece to another row."""
        self._keys[target] = self._keys[source]

    def bias(self, weights: NDArray[np.float64]) -> Array:
        """Return what is added to the logits of pitches [width, pitches], by how long each pitch class sounded.

        `weights` [width, 12] are times in 1/24 quarters. Drum keys and tempi have no bias.
        """
        width, totals = len(weights), weights.sum(axis=1)
        first, second = self._keys[:width].T
        fits = [np.einsum("ij,ij->i", weights, _PROFILES[keys]) for keys in (first, second)]
        is_open = second != _NONE
        shares = _KEY_SHARES[np.where(is_open & (fits[1] > fits[0]), second, first)]
        is_active = (first != _NONE) & (~is_open | (totals >= _ESTIMATED_FROM))
        sounded = (weights + _PRIOR * shares) / (totals[:, None] + _PRIOR)
        highest = np.where(shares < _FOREIGN, 0.0, _HIGHEST)
        classes = np.clip(_STRENGTH * np.log(shares / sounded), _LOWEST, highest) * is_active[:, None]
        bias = np.zeros((width, _WIDTH), np.float32)
        bias[:, PITCH_OFFSET : PITCH_OFFSET + PITCH_COUNT] = classes[:, _PITCH_CLASSES]
        return bias
