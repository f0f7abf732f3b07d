"""Non-uniform quantizer: an invertible scale on which common values have room."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class NonUniformQuantizer:
    """A monotone scale for whole numbers, with a wide level at every common value and the rest in between.

    Level i is at coordinate i. Every coordinate within `half_width` of it decodes to exactly its value, so that a small
    error of a network does not change a common value; the whole numbers between two levels share the gap. Past both
    ends the scale continues at the slope of the outermost gap.
    Both directions are exact inverses for whole numbers up to 2**20.

    Raises ValueError unless there are at least two levels, ascending, and 0 < half_width < 0.5.
    """

    levels: tuple[int, ...]
    half_width: float

    def __post_init__(self) -> None:
        if len(self.levels) < 2 or any(low >= high for low, high in zip(self.levels, self.levels[1:], strict=False)):
            raise ValueError("a quantizer needs two or more levels in ascending order")
        if not 0 < self.half_width < 0.5:
            raise ValueError(f"half_width is {self.half_width}, not between 0 and 0.5")

    @cached_property
    def _values(self) -> NDArray[np.float64]:
        return np.asarray(self.levels, np.float64)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Coordinates of whole-number `values`, any shape."""
        wanted = np.asarray(values, np.float64)
        index = np.clip(np.searchsorted(self._values, wanted, side="right") - 1, 0, len(self.levels) - 2)
        low, high = self._values[index], self._values[index + 1]
        share = (wanted - low) / (high - low)
        gap = 1 - 2 * self.half_width
        inner = index + self.half_width + gap * share
        coordinates = np.where(share < 0, index + share, np.where(share > 1, index + share, inner))
        coordinates = np.where(wanted == low, index, coordinates)
        return np.asarray(np.where(wanted == high, index + 1, coordinates), np.float64)

    def decode(self, coordinates: NDArray[Any]) -> NDArray[np.float64]:
        """Whole numbers at finite `coordinates`, any shape."""
        place = np.asarray(coordinates, np.float64)
        last = len(self.levels) - 1
        index = np.clip(np.floor(place), 0, last - 1).astype(np.int64)
        low, high = self._values[index], self._values[index + 1]
        offset = place - index
        inner = np.clip((offset - self.half_width) / (1 - 2 * self.half_width), 0, 1)
        # Between two levels the ends belong to the levels; outside the scale the slope continues.
        share = np.where((offset < 0) | (offset > 1), offset, inner)
        return np.asarray(np.rint(low + share * (high - low)), np.float64)
