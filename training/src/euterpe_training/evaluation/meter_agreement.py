"""Whether a piece is in the meter that was asked for, as far as its notes tell."""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from euterpe_music.meter import Meter

from euterpe_training.evaluation.scores import GRID, Score

MeterClass = Literal["duple", "triple", "compound"]

#: Pieces are looked at for this many quarters.
_MAX_QUARTERS: Final = 400
#: Fewer quarters than this hold too few bars.
_FEWEST_QUARTERS: Final = 16


def meter_class(meter: Meter) -> MeterClass | None:
    """Return classes that notes alone can tell: beats in twos, in threes, or divided in three; None for others (5/4).

    3/8 counts as compound: its bar is a beat of 6/8.
    """
    if meter.is_compound or (meter.beats, meter.unit) == (3, 8):
        return "compound"
    if meter.beats % 3 == 0:
        return "triple"
    return "duple" if meter.beats in (2, 4, 8) else None


def estimate_meter_class(score: Score) -> MeterClass | None:
    """Return the class of meter by which accents recur best; None for pieces too short to tell.

    An accent is an onset, the heavier the more notes begin, the longer and the lower they are. A class scores by the
    autocorrelation of accents at its bars and beats, less that at the bars and beats of the others.
    """
    accents = _accents(score)
    if len(accents) < _FEWEST_QUARTERS * GRID:
        return None
    at = _autocorrelation(accents)
    twos, threes = at(2) + at(4), at(3) + at(6)
    straight, divided = at(1), at(1.5)
    scores: dict[MeterClass, float] = {
        "duple": twos - threes + straight - divided,
        "triple": threes - twos + straight - divided,
        "compound": threes - twos + divided - straight,
    }
    return max(scores, key=lambda name: scores[name])


def _accents(score: Score) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    length = min(int(score.onset[-1]) + 1 if len(score) else 0, _MAX_QUARTERS * GRID)
    kept = score.onset < length
    weight = 1 + np.minimum(score.duration[kept] / GRID, 2) + np.clip((60 - score.pitch[kept]) / 12, 0, 2)
    return np.bincount(score.onset[kept], weight, minlength=length).astype(np.float64)


def _autocorrelation(accents: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Callable[[float], float]:
    centred = accents - accents.mean()
    power = max(float(centred @ centred) / len(centred), 1e-9)

    def at(quarters: float) -> float:
        lag = round(quarters * GRID)
        return float(centred[lag:] @ centred[:-lag]) / (len(centred) - lag) / power

    return at
