"""Transposition to and from the white keys, for networks that are trained on one key."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.tonics import TONICS

_WHITE: Final = np.array([0, 2, 4, 5, 7, 9, 11])
#: The smallest first, so that it is taken of equally good ones.
_SHIFTS: Final = np.array(sorted(range(-6, 6), key=abs))


def white_key_shift(pitch: NDArray[Any], length: NDArray[Any]) -> int:
    """Return the shift, -6..5 semitones, that brings most of the sounding time onto white keys.

    The result is C major, A minor or a mode of them. `pitch` [notes] are MIDI numbers, `length` [notes] in any unit. Of
    equally good shifts the smallest is taken.
    """
    histogram = np.bincount(np.asarray(pitch, np.int64) % 12, weights=length, minlength=12)
    return int(white_key_shifts(histogram[None])[0])


def white_key_shifts(sounding: NDArray[Any]) -> NDArray[np.int64]:
    """Return the shifts of many pieces [pieces], from the sounding time of each pitch class [pieces, 12]."""
    on_white_keys = sounding[:, (_WHITE - _SHIFTS[:, None]) % 12].sum(-1)
    return np.asarray(_SHIFTS[on_white_keys.argmax(1)], np.int64)


def key_shift(key: str) -> int:
    """Return the shift, -6..5 semitones, from the white keys to `key`: 2 for "D major" and for "B minor".

    Raises ValueError for anything that is not a key.
    """
    tonic, _, mode = key.partition(" ")
    if tonic not in TONICS or mode not in ("major", "minor"):
        raise ValueError(f"{key!r} is not a key such as D major or F# minor")
    return (TONICS.index(tonic) - (0 if mode == "major" else 9) + 6) % 12 - 6
