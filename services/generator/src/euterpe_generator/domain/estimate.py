"""How long a piece will be, before it is composed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """The expected length of a piece in seconds and in bars."""

    seconds: float
    bars: float

    @classmethod
    def of(cls, quarters: float, *, bar_quarters: float, bpm: float) -> "Estimate":
        """Build the estimate for a number of quarters; `bar_quarters` are those of a bar."""
        return cls(seconds=round(quarters * 60 / bpm, 1), bars=round(quarters / bar_quarters, 1))
