"""Note values: how a duration is divided into values that can be written, at the boundaries of the meter."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from euterpe_converter.rendering.score.bars import QUARTER, Bar

_NAMES: Final = ("breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th")
#: Units of each value that can be written: name and dots.
_VALUES: Final = {384 >> number: (name, 0) for number, name in enumerate(_NAMES)} | {
    (384 >> number) * 3 // 2: (name, 1) for number, name in enumerate(_NAMES[:-1])
}
_SHORTEST: Final = ("64th", 0)
_TRIPLET_SIXTEENTH: Final = QUARTER // 6


@dataclass(frozen=True, slots=True)
class Value:
    """A written value from `start` to `end` in units from the bar line; `in_triplet`: three in the time of two."""

    start: int
    end: int
    name: str
    dots: int
    in_triplet: bool = False

    @property
    def flags(self) -> int:
        """Number of flags or beams."""
        return max(_NAMES.index(self.name) - _NAMES.index("quarter"), 0)


def divided(start: int, end: int, bar: Bar, triplet_beats: frozenset[int]) -> list[Value]:
    """Divide a note or rest from `start` to `end`, in units from the bar line.

    `triplet_beats` are the numbers of the quarters that this voice divides into triplets.
    """
    values: list[Value] = []
    position = start
    for beat in sorted(triplet_beats):
        first, last = beat * QUARTER, (beat + 1) * QUARTER
        if last <= position or first >= end:
            continue
        if first > position:
            values += _in_meter(position, first, bar)
            position = first
        stop = min(last, end)
        values += [Value(position, stop, "quarter", 0)] if stop - position == QUARTER else _triplets(position, stop)
        position = stop
    return values + (_in_meter(position, end, bar) if position < end else [])


def _triplets(start: int, end: int) -> list[Value]:
    values, position = [], start
    while position < end:
        units = min(end - position, 32) // _TRIPLET_SIXTEENTH * _TRIPLET_SIXTEENTH
        units = units or end - position
        name, dots = _VALUES.get(units * 3 // 2, _SHORTEST)
        values.append(Value(position, position + units, name, dots, in_triplet=True))
        position += units
    return values


def _in_meter(start: int, end: int, bar: Bar) -> list[Value]:
    spans = _spans(start, end, bar.length, bar.levels)
    return [Value(first, last, *_VALUES.get(last - first, _SHORTEST)) for first, last in spans]


@lru_cache(maxsize=16384)
def _spans(start: int, end: int, length: int, levels: tuple[tuple[int, ...], ...]) -> list[tuple[int, int]]:
    low, high = 0, length
    for cuts in levels:
        inside = [cut for cut in cuts if low < cut < high]
        crossed = [cut for cut in inside if start < cut < end]
        if not crossed:
            low = max([low, *(cut for cut in inside if cut <= start)])
            high = min([high, *(cut for cut in inside if cut >= end)])
            continue
        strong = {low, high, *inside}
        is_centred = 2 * (end - start) == high - low and start - low == high - end
        at_boundary = start == low or end == high or (start in strong and end in strong)
        if end - start in _VALUES and (at_boundary or is_centred):
            return [(start, end)]
        cut = crossed[-1] if start in strong else crossed[0]
        return _spans(start, cut, length, levels) + _spans(cut, end, length, levels)
    spans: list[tuple[int, int]] = []
    while start < end:
        units = max((value for value in _VALUES if value <= end - start), default=0)
        if not units:
            return [*spans, (start, end)]
        spans.append((start, start + units))
        start += units
    return spans
