"""Transposition to and from the white keys, for networks that are trained on one key."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.key_signature import KeySignature, pitch_class
from euterpe_music.tokens.conditioning import MAJOR, MINOR, OTHER_MODE
from euterpe_music.tonics import TONICS

#: The least share of the best shift's time on white keys for a stated key to be believed.
_NEARLY: Final = 0.97
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


def tonic_shift(pitch: NDArray[Any], length: NDArray[Any], key: KeySignature) -> tuple[int, int]:
    """Return the shift of a piece in a stated key to the white keys, and its mode there.

    The tonic is brought to C or, in minor, to A, where the piece then has nearly as much time on white keys as with the
    best shift: the mode is MAJOR or MINOR. Otherwise the best shift is taken and the mode is OTHER_MODE, as for a
    dorian tune that is written as minor. Arguments are those of `white_key_shift`.
    """
    histogram = np.bincount(np.asarray(pitch, np.int64) % 12, weights=length, minlength=12)
    best = int(white_key_shifts(histogram[None])[0])
    stated = -key_shift(f"{TONICS[pitch_class(key.tonic)]} {'minor' if key.is_minor else 'major'}")
    stated = (stated + 6) % 12 - 6
    on_white = [histogram[(_WHITE - shift) % 12].sum() for shift in (best, stated)]
    if on_white[1] >= _NEARLY * on_white[0]:
        return stated, MINOR if key.is_minor else MAJOR
    return best, OTHER_MODE


def key_shift(key: str) -> int:
    """Return the shift, -6..5 semitones, from the white keys to `key`: 2 for "D major" and for "B minor".

    Raises ValueError for anything that is not a key.
    """
    tonic, _, mode = key.partition(" ")
    if tonic not in TONICS or mode not in ("major", "minor"):
        raise ValueError(f"{key!r} is not a key such as D major or F# minor")
    return (TONICS.index(tonic) - (0 if mode == "major" else 9) + 6) % 12 - 6
