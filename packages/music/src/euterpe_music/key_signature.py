"""Key signatures and the names of keys."""

from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["major", "minor"]

#: Tonics of major keys by their sharps, from 7 flats (-7) to 7 sharps.
_MAJOR: Final = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINOR: Final = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
MAX_SHARPS: Final = 7
#: Pitch classes of the letters.
_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def pitch_class(tonic: str) -> int:
    """Return the pitch class 0..11 of a tonic such as "F#" or "Bb"; raises KeyError or ValueError for no tonic."""
    accidentals = tonic[1:]
    if accidentals.strip("#b"):
        raise ValueError(f"{tonic!r} is not a tonic such as F# or Bb")
    return (_LETTERS[tonic[:1]] + accidentals.count("#") - accidentals.count("b")) % 12


@dataclass(frozen=True, slots=True)
class KeySignature:
    """A key signature of MIDI: sharps (negative: flats) -7..7, and the mode."""

    sharps: int
    is_minor: bool = False

    def __post_init__(self) -> None:
        if not -MAX_SHARPS <= self.sharps <= MAX_SHARPS:
            raise ValueError(f"a key signature has {self.sharps} sharps; it must have -7 to 7")

    def __str__(self) -> str:
        return f"{self.tonic} {'minor' if self.is_minor else 'major'}"

    @property
    def tonic(self) -> str:
        """The tonic as this signature spells it, e.g. "Bb"."""
        return (_MINOR if self.is_minor else _MAJOR)[self.sharps + MAX_SHARPS]

    def transposed(self, semitones: int) -> "KeySignature":
        """Return the signature, with the fewest accidentals, of this key moved by semitones."""
        return self._simplest((pitch_class(self.tonic) + semitones) % 12, self.is_minor)

    @classmethod
    def parse(cls, name: str) -> "KeySignature":
        """Return the signature with the fewest accidentals of a key such as "A minor"; raises ValueError for no key."""
        tonic, _, mode = name.partition(" ")
        if mode not in ("major", "minor"):
            raise ValueError(f"{name!r} is not a key such as A minor")
        try:
            wanted = pitch_class(tonic)
        except (KeyError, ValueError):
            raise ValueError(f"{name!r} is not a key such as A minor") from None
        return cls._simplest(wanted, mode == "minor")

    @classmethod
    def _simplest(cls, tonic: int, is_minor: bool) -> "KeySignature":
        tonics = _MINOR if is_minor else _MAJOR
        sharps = [number - MAX_SHARPS for number, each in enumerate(tonics) if pitch_class(each) == tonic]
        return cls(min(sharps, key=lambda number: (abs(number), -number)), is_minor)


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key signature that holds from `tick` on."""

    tick: int
    key: KeySignature
