"""Meters: how many sixteenths a bar has."""

from dataclasses import dataclass
from typing import Final

import symusic
from symusic.core import ScoreTick

from euterpe_music.midi import MidiError


@dataclass(frozen=True)
class Meter:
    """A time signature whose bars are whole sixteenths."""

    beats: int
    unit: int

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"

    @property
    def bar(self) -> int:
        """Sixteenths per bar."""
        return self.beats * 16 // self.unit

    @classmethod
    def parse(cls, text: str) -> "Meter":
        """The meter "6/8"; ValueError for anything else."""
        beats, slash, unit = text.partition("/")
        if not (slash and beats.isdecimal() and unit.isdecimal()) or int(unit) not in (1, 2, 4, 8, 16):
            raise ValueError(f"{text!r} is no meter such as 3/4")
        return cls(int(beats), int(unit))


#: What networks know, by the number that their condition `meter` has; anything else is treated as 4/4, number 0.
METERS: Final = tuple(Meter.parse(text) for text in ("4/4", "2/4", "3/4", "6/8", "9/8", "2/2", "3/2", "6/4", "12/8"))


def read_meters(data: bytes) -> tuple[Meter, ...]:
    """The different time signatures of a MIDI file in order of appearance; 4/4 where it states none.

    Raises MidiError for what is no MIDI.
    """
    try:
        score: ScoreTick = symusic.Score.from_midi(data)  # type: ignore[assignment]
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise MidiError("invalid", "the file is not valid MIDI") from error
    signs = [Meter(int(sign.numerator), int(sign.denominator)) for sign in score.time_signatures]
    return tuple(dict.fromkeys(signs)) or (METERS[0],)
