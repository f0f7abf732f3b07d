"""Events as classes: every float of an event as the index of its quantizer level."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from euterpe_music.spec import EventSpec
from numpy.typing import NDArray

from euterpe_training.errors import TrainingError

#: MIDI velocities that a categorical generator can output.
VELOCITIES: Final = tuple(range(7, 128, 8))
#: Length in quarters of the bar in which the generator tracks its position.
BAR_QUARTERS: Final = 4


@dataclass(frozen=True)
class EventClasses:
    """The classes of an event of one tone: delta, pitch, length and velocity, in the order in which they are sampled.

    A class is a level of the spec's quantizer, so encoding and decoding a class is lossless. Raise TrainingError for
    other representations than the normalised one with one tone per event.
    """

    spec: EventSpec

    def __post_init__(self) -> None:
        if self.spec.representation != "normalised" or self.spec.tones_per_cell != 1:
            raise TrainingError("outputs=categorical needs the normalised representation with one tone per event")

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Numbers of classes of delta, pitch, length and velocity; a length is never 0, so that level has no class."""
        times = len(self.spec.time_rungs)
        return times, self.spec.pitch_high - self.spec.pitch_low + 1, times - 1, len(VELOCITIES)

    @property
    def positions(self) -> int:
        """Positions in a bar: one per grid unit."""
        return BAR_QUARTERS * self.spec.ticks_per_quarter // self.spec.grid

    @cached_property
    def floats(self) -> tuple[NDArray[np.float32], ...]:
        """The value of every class in an event, per attribute in the order of `sizes`."""
        spec = self.spec
        middle = (len(spec.time_rungs) - 1) / 2
        times = (np.arange(len(spec.time_rungs)) - middle) / middle
        centre = (len(spec.pitch_rungs) - 1) / 2
        pitches = (spec.pitches.encode(np.arange(spec.pitch_low, spec.pitch_high + 1)) - centre) / centre
        velocities = (np.array(VELOCITIES) - 64) / 64
        return tuple(column.astype(np.float32) for column in (times, pitches, times[1:], velocities))

    @cached_property
    def units(self) -> NDArray[np.float32]:
        """The grid units by which each class of delta advances the position in the bar."""
        return (np.array(self.spec.time_rungs) // self.spec.grid).astype(np.float32)

    def encode(self, events: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the nearest classes [events, 4] of events [events, 4], which are delta, length, pitch, velocity."""
        columns = (events[:, 0], events[:, 2], events[:, 1], events[:, 3])
        codes = [_nearest(column, floats) for column, floats in zip(columns, self.floats, strict=True)]
        return np.stack(codes, 1).astype(np.uint8)


def _nearest(values: NDArray[np.float32], floats: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.searchsorted((floats[1:] + floats[:-1]) / 2, values)
