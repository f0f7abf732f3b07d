"""Find the bars of a score from its time signatures: pickups, incomplete bars and meters without a class."""

from dataclasses import dataclass

import numpy as np
from symusic.core import ScoreTick

from euterpe_music.note_events.spec import MAX_BAR_TICKS, METER_TICKS, TICKS_PER_QUARTER, meter_class

_MAX_BARS = 20_000


@dataclass(frozen=True)
class BarGrid:
    """The bars of a score: where each starts in the score (in 1/24 quarter, a float), its meter, its first position.

    `offsets` is the position at which the score's part of a bar begins: not 0 for a pickup, which fills its bar's end.
    """

    starts: np.ndarray
    meters: np.ndarray
    offsets: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """The ticks that each bar occupies in the score."""
        return np.asarray(METER_TICKS[self.meters] - self.offsets)


def bar_grid(score: ScoreTick, pickup_ticks: int = 0) -> BarGrid:
    """Lay bars over a score by its time signatures (4/4 where there is none), up to its last onset.

    `pickup_ticks` is the length of a first incomplete bar that the time signatures do not show.
    Raises ValueError for a score with an absurd number of bars.
    """
    scale = TICKS_PER_QUARTER / score.ticks_per_quarter
    last = max((track.notes.numpy()["time"].max() for track in score.tracks if len(track.notes)), default=0) * scale
    starts: list[float] = []
    meters: list[int] = []
    lengths: list[float] = []
    if pickup_ticks:
        starts, lengths = [0.0], [float(pickup_ticks)]
        meters = [meter_class(pickup_ticks)]
    signatures = _signatures(score, scale)
    for (begin, signature), (end, _) in zip(signatures, [*signatures[1:], (last + 0.5, None)], strict=True):
        now = max(begin, float(pickup_ticks))
        for meter, ticks in _cycle(signature):
            if now >= min(end, last + 0.5):
                break
            length = min(float(ticks), end - now) if end <= last else float(ticks)
            starts.append(now)
            lengths.append(length)
            meters.append(meter if length == ticks else meter_class(int(np.ceil(length))))
            now += length
            if len(starts) > _MAX_BARS:
                raise ValueError(f"a score must have at most {_MAX_BARS} bars")
    return _with_pickup(np.array(starts), np.array(meters), np.array(lengths))


def _with_pickup(starts: np.ndarray, meters: np.ndarray, lengths: np.ndarray) -> BarGrid:
    offsets = np.zeros(len(starts))
    if len(starts) > 1 and lengths[0] < METER_TICKS[meters[1]] and lengths[0] < lengths[1]:
        meters[0] = meters[1]
        offsets[0] = METER_TICKS[meters[1]] - lengths[0]
    return BarGrid(starts, meters, offsets)


def _signatures(score: ScoreTick, scale: float) -> list[tuple[float, tuple[int, int]]]:
    found: dict[float, tuple[int, int]] = {}
    for signature in score.time_signatures:
        count, unit = signature.numerator, signature.denominator
        if count > 0 and unit in (1, 2, 4, 8, 16, 32, 64):
            found[signature.time * scale] = (count, unit)
    if not found or min(found) > 0:
        found[0.0] = (4, 4)
    return sorted(found.items())


def _cycle(signature: tuple[int, int]) -> "_Cycle":
    return _Cycle(signature)


class _Cycle:
    """Repeats a meter's class and ticks; a bar too long for a class alternates between shorter ones."""

    def __init__(self, signature: tuple[int, int]) -> None:
        count, unit = signature
        ticks = count * 4 * TICKS_PER_QUARTER / unit
        parts = int(np.ceil(ticks / MAX_BAR_TICKS))
        sizes = np.diff(np.ceil(np.linspace(0, count, parts + 1)))
        self._bars = []
        for size in sizes:
            part = max(1, round(size * 4 * TICKS_PER_QUARTER / unit))
            self._bars.append((meter_class(part, (int(size), unit)), part))

    def __iter__(self) -> "_Cycle":
        self._next = 0
        return self

    def __next__(self) -> tuple[int, int]:
        self._next += 1
        return self._bars[(self._next - 1) % len(self._bars)]
