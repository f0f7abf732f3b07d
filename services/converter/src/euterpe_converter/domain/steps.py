"""Steps of options that are numbers: finer differences cannot be heard and would be endless renditions of a piece."""

from typing import Final

GAIN: Final = 0.05
REVERB: Final = 0.05
CHORUS: Final = 0.25
SECONDS: Final = 0.25
LOUDNESS: Final = 0.5


def quantised(value: float, step: float, *, least: float = 0.0) -> float:
    """Return the nearest multiple of `step`, and at least `least`."""
    # Rounded again, since 3 * 0.05 is not 0.15.
    return max(least, round(round(value / step) * step, 4))
