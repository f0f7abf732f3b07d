"""Networks that know one key only: to their white keys and back."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.key import TONICS

_WHITE: Final = np.array([0, 2, 4, 5, 7, 9, 11])


def white_key_shift(pitch: NDArray[Any], length: NDArray[Any]) -> int:
    """Semitones, -6..5, that bring most of the sounding time onto white keys: to C major, A minor or a mode of them.

    `pitch` [notes] is MIDI's, `length` [notes] in whatever unit. Of equally good shifts the smallest is taken.
    """
    histogram = np.bincount(np.asarray(pitch, np.int64) % 12, weights=length, minlength=12)
    return max(sorted(range(-6, 6), key=abs), key=lambda shift: histogram[(_WHITE - shift) % 12].sum())


def key_shift(key: str) -> int:
    """Semitones, -6..5, from the white keys to `key`, such as "D major" (2) or "B minor" (2, from A minor).

    Raises ValueError for what is no key.
    """
    tonic, _, mode = key.partition(" ")
    if tonic not in TONICS or mode not in ("major", "minor"):
        raise ValueError(f"{key!r} is no key such as D major or F# minor")
    return (TONICS.index(tonic) - (0 if mode == "major" else 9) + 6) % 12 - 6
