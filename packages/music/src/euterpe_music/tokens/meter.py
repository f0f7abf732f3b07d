"""Meters that melody networks know."""

from typing import Final

from euterpe_music.meter import Meter
from euterpe_music.midi import read_midi

#: By the number of the conditioning feature `meter`; any other meter is treated as 4/4, number 0.
METERS: Final = tuple(Meter.parse(text) for text in ("4/4", "2/4", "3/4", "6/8", "9/8", "2/2", "3/2", "6/4", "12/8"))


def read_meters(data: bytes) -> tuple[Meter, ...]:
    """Return the different meters of a MIDI file in order of appearance; 4/4 where it states none."""
    return tuple(dict.fromkeys(change.meter for change in read_midi(data).meters)) or (METERS[0],)
