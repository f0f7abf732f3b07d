"""Spelling of pitches by the key: the names that are nearest to it on the line of fifths."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from euterpe_music.key_signature import KeySignature

_LINE: Final = "FCGDAEB"
_NATURAL: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True, slots=True)
class Spelling:
    """A letter, sharps (negative: flats) and the octave of scientific pitch notation."""

    step: str
    alter: int
    octave: int


@lru_cache(maxsize=8192)
def spelled(pitch: int, key: KeySignature) -> Spelling:
    """Return the spelling of a MIDI pitch.

    Beyond the scale, major keys have the raised fourth, first and fifth and the lowered third and seventh; minor keys
    the raised sixth, seventh and fourth, the major third and the lowered second.
    """
    # On the line of fifths, where F is -1 and C is 0: the scale reaches from one below the major tonic to five above.
    lowest = key.sharps + (-2 if key.is_minor else -3)
    number = pitch % 12 * 7 % 12
    fifth = lowest + (number - lowest) % 12
    alter, letter = divmod(fifth + 1, 7)
    step = _LINE[letter]
    return Spelling(step, alter, (pitch - alter - _NATURAL[step]) // 12 - 1)


@lru_cache(maxsize=64)
def signature(key: KeySignature) -> dict[str, int]:
    """Return the sharps (negative: flats) of each letter in a key signature."""
    return {step: (key.sharps - number + 6) // 7 for number, step in enumerate(_LINE)}
