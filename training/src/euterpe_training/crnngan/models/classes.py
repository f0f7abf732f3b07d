"""Events as classes: every float of an event as the number of its rung."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from euterpe_music.spec import EventSpec
from numpy.typing import NDArray

from euterpe_training.errors import TrainingError

#: Loudnesses that a categorical generator can say, as MIDI velocities.
VELOCITIES: Final = tuple(range(7, 128, 8))
#: The bar that the generator counts in: 4/4, in quarters.
BAR_QUARTERS: Final = 4


@dataclass(frozen=True)
class EventClasses:
    """The classes of an event of one tone: delta, pitch, length and velocity, in the order in which they are drawn.

    A class is a rung of the spec's ladder, so that drawing one and reading its float back loses nothing. Only for
    the normalised representation with one tone per event; TrainingError for another.
    """

    spec: EventSpec

    def __post_init__(self) -> None:
        if self.spec.representation != "normalised" or self.spec.tones_per_cell != 1:
            raise TrainingError("outputs=categorical needs the normalised representation with one tone per event")

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Number of classes of delta, pitch, length and velocity. A length is never 0, so that rung has no class."""
        times = len(self.spec.time_rungs)
        return times, self.spec.pitch_high - self.spec.pitch_low + 1, times - 1, len(VELOCITIES)

    @property
    def positions(self) -> int:
        """Places in a bar: one per unit of the grid."""
        return BAR_QUARTERS * self.spec.ticks_per_quarter // self.spec.grid

    @cached_property
    def floats(self) -> tuple[NDArray[np.float32], ...]:
        """The float of every class, per attribute in the order of `sizes`."""
        spec = self.spec
        middle = (len(spec.time_rungs) - 1) / 2
        times = (np.arange(len(spec.time_rungs)) - middle) / middle
        centre = (len(spec.pitch_rungs) - 1) / 2
        pitches = (spec.pitches.encode(np.arange(spec.pitch_low, spec.pitch_high + 1)) - centre) / centre
        velocities = (np.array(VELOCITIES) - 64) / 64
        return tuple(column.astype(np.float32) for column in (times, pitches, times[1:], velocities))

    @cached_property
    def units(self) -> NDArray[np.float32]:
        """What a class of delta adds to the place in the bar, in units of the grid."""
        return (np.array(self.spec.time_rungs) // self.spec.grid).astype(np.float32)

    def encode(self, events: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Nearest classes [events, 4] of events [events, 4], whose columns are delta, length, pitch, velocity."""
        columns = (events[:, 0], events[:, 2], events[:, 1], events[:, 3])
        codes = [_nearest(column, floats) for column, floats in zip(columns, self.floats, strict=True)]
        return np.stack(codes, 1).astype(np.uint8)


def _nearest(values: NDArray[np.float32], floats: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.searchsorted((floats[1:] + floats[:-1]) / 2, values)
