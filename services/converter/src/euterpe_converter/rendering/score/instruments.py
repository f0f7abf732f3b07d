"""How instruments are written: names, staves, clefs, and the places of a drum kit's instruments on the staff."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from euterpe_music.default_titles import Language
from euterpe_music.general_midi import DRUM_KIT, INSTRUMENTS
from euterpe_music.part_names import translated_part_name
from euterpe_music.piece import Track
from numpy.typing import NDArray

#: Pianos, chromatic percussion keyboards, organs, accordions and harp: two staves where the range needs them.
_KEYBOARDS: Final = frozenset((*range(8), *range(16, 22), 23, 46))
_GUITARS: Final = frozenset(range(24, 32))
_VIOLA: Final = 41
#: The lowest pitch of the upper of two staves: middle C.
SPLIT: Final = 60
#: Semitones that one staff holds without many ledger lines.
_ONE_STAFF: Final = 19


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef: sign and line of MusicXML, and octaves by which it sounds higher."""

    sign: str
    line: int
    octaves: int = 0


TREBLE: Final = Clef("G", 2)
BASS: Final = Clef("F", 4)
PERCUSSION: Final = Clef("percussion", 2)
_ALTO: Final = Clef("C", 3)
_TREBLE_8VB: Final = Clef("G", 2, -1)


def part_name(track: Track, language: Language) -> str:
    """Return the track's own name, or that of its instrument; names of instruments are translated."""
    name = track.name.strip() or (DRUM_KIT if track.is_drum else INSTRUMENTS[track.program]).name
    return translated_part_name(name, language)


def clefs_of(track: Track, pitches: NDArray[Any]) -> tuple[Clef, ...]:
    """Return one clef for each staff of a track with these pitches."""
    if track.is_drum:
        return (PERCUSSION,)
    low, middle, high = np.percentile(pitches, (5, 50, 95)).tolist() if len(pitches) else (60, 72, 72)
    if track.program in _KEYBOARDS and low < SPLIT - 4 and high >= SPLIT + 4 and high - low > _ONE_STAFF:
        return (TREBLE, BASS)
    if track.program in _GUITARS and middle < 72:
        return (_TREBLE_8VB,)
    if track.program == _VIOLA:
        return (_ALTO if middle < 72 else TREBLE,)
    if middle < 40:
        return (Clef("F", 4, -1),)
    return (BASS,) if middle < 58 else (TREBLE,) if middle < 89 else (Clef("G", 2, 1),)


@dataclass(frozen=True, slots=True)
class DrumPlace:
    """Where a drum is written: the letter and octave of its place in a treble clef, and its notehead."""

    step: str
    octave: int
    notehead: str = "normal"


_X: Final = "x"
_DRUMS: Final = {
    35: DrumPlace("E", 4),
    36: DrumPlace("F", 4),
    37: DrumPlace("C", 5, _X),
    38: DrumPlace("C", 5),
    39: DrumPlace("D", 5, _X),
    40: DrumPlace("C", 5),
    41: DrumPlace("G", 4),
    42: DrumPlace("G", 5, _X),
    43: DrumPlace("A", 4),
    44: DrumPlace("D", 4, _X),
    45: DrumPlace("B", 4),
    46: DrumPlace("G", 5, "circle-x"),
    47: DrumPlace("D", 5),
    48: DrumPlace("E", 5),
    49: DrumPlace("A", 5, _X),
    50: DrumPlace("F", 5),
    51: DrumPlace("F", 5, _X),
    52: DrumPlace("B", 5, _X),
    53: DrumPlace("F", 5, "diamond"),
    54: DrumPlace("B", 4, _X),
    55: DrumPlace("B", 5, _X),
    56: DrumPlace("E", 5, "triangle"),
    57: DrumPlace("A", 5, _X),
    59: DrumPlace("F", 5, _X),
}


def drum_place(pitch: int) -> DrumPlace:
    """Return where a drum of General MIDI is written; other percussion is on the middle line."""
    return _DRUMS.get(pitch, DrumPlace("B", 4, "triangle"))
