"""Meters and the bars that they make."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Largest numbers of a time signature that is believed; anything else is damage.
MAX_BEATS: Final = 255
MAX_UNIT: Final = 64


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature: `beats` notes of the length 1/`unit` per bar."""

    beats: int
    unit: int

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"

    @property
    def bar(self) -> int:
        """Whole sixteenths per bar."""
        return self.beats * 16 // self.unit

    @property
    def bar_quarters(self) -> float:
        """Quarters per bar."""
        return self.beats * 4 / self.unit

    @property
    def is_compound(self) -> bool:
        """Whether beats divide in three: 6/8, 9/8, 12/8 and the like."""
        return self.unit >= 8 and self.beats % 3 == 0 and self.beats > 3

    @property
    def beat_quarters(self) -> float:
        """Quarters per felt beat: three units in compound meters, otherwise one."""
        return (3 if self.is_compound else 1) * 4 / self.unit

    @classmethod
    def parse(cls, text: str) -> "Meter":
        """Read a meter such as "6/8"; raises ValueError for anything else."""
        beats, slash, unit = text.partition("/")
        if not (slash and beats.isdecimal() and unit.isdecimal()) or int(unit) not in (1, 2, 4, 8, 16):
            raise ValueError(f"{text!r} is not a meter such as 3/4")
        return cls(int(beats), int(unit))


COMMON_TIME: Final = Meter(4, 4)


@dataclass(frozen=True, slots=True)
class MeterChange:
    """A meter that holds from `tick` on; a bar begins there."""

    tick: int
    meter: Meter


def with_default_meter(meters: tuple[MeterChange, ...]) -> tuple[MeterChange, ...]:
    """Return the changes with one at tick 0: before the first, the meter is 4/4, as standard MIDI files define it."""
    return meters if meters and meters[0].tick == 0 else (MeterChange(0, COMMON_TIME), *meters)


def bar_starts(meters: tuple[MeterChange, ...], ticks_per_quarter: int, end_tick: int) -> NDArray[np.int64]:
    """Return the ticks at which bars begin, up to the first bar line at or after `end_tick`.

    See `with_default_meter`. A change within a bar begins a new bar.
    """
    changes = with_default_meter(meters)
    starts: list[NDArray[np.int64]] = []
    for number, change in enumerate(changes):
        bar_ticks = max(round(change.meter.bar_quarters * ticks_per_quarter), 1)
        following = changes[number + 1].tick if number + 1 < len(changes) else None
        if following is None:
            count = max(-(-(end_tick - change.tick) // bar_ticks), 0)
            starts.append(change.tick + bar_ticks * np.arange(count + 1, dtype=np.int64))
        else:
            starts.append(np.arange(change.tick, following, bar_ticks, dtype=np.int64))
    bars = np.concatenate(starts)
    # Changes may stand behind the music's end; its last bar line is the first that is not before it.
    return bars[: int(np.searchsorted(bars, end_tick)) + 1]
