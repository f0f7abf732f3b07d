"""Bars of a score: lengths, meters, keys and the boundaries at which note values are divided."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from euterpe_music.key import estimate_key
from euterpe_music.key_signature import KeySignature
from euterpe_music.meter import Meter, with_default_meter
from euterpe_music.piece import Piece

#: Units of time per quarter: divisible into 64ths and into triplet sixteenths.
QUARTER: Final = 48
_SHORTEST: Final = 3
#: Divisions of meters whose beats are not of equal length: 3+2, 2+2+3, 3+3+2.
_UNEVEN: Final = {(5, 8): (72,), (7, 8): (48, 96), (8, 8): (72, 144), (5, 4): (144,), (7, 4): (192,)}


@dataclass(frozen=True)
class Bar:
    """A bar that begins at `start` and lasts `length` units. `is_partial`: a change of meter cuts it short."""

    start: int
    length: int
    meter: Meter
    key: KeySignature
    is_partial: bool = False

    @property
    def end(self) -> int:
        """Where the next bar begins."""
        return self.start + self.length

    @cached_property
    def levels(self) -> tuple[tuple[int, ...], ...]:
        """Positions that divide the bar, from the strongest to the weakest."""
        return _levels(self.meter, self.length)

    @property
    def beam_groups(self) -> tuple[int, ...]:
        """Positions at which beams are interrupted."""
        return _beam_groups(self.meter, self.length)

    @property
    def has_triplets(self) -> bool:
        """Whether beats are divided into two, so that three in a beat is a triplet."""
        return self.meter.unit <= 4


def beat_units(meter: Meter) -> int:
    """Units of a beat: a dotted quarter in 6/8, 9/8 and 12/8."""
    if meter.unit == 8 and meter.beats % 3 == 0 and meter.beats > 3:
        return QUARTER * 3 // 2
    return QUARTER * 4 // meter.unit


def score_bars(piece: Piece) -> tuple[list[Bar], np.ndarray]:
    """Return the bars of a piece, and the ticks at which they begin."""
    changes = with_default_meter(piece.meters)
    lines = piece.bar_starts
    ticks = lines[:-1] if len(lines) > 1 else lines
    change_of = np.searchsorted([change.tick for change in changes], ticks, side="right") - 1
    keys = _keys(piece, lines)
    bars: list[Bar] = []
    start = 0
    for number, tick in enumerate(ticks.tolist()):
        meter = changes[change_of[number]].meter
        length = full = meter.beats * 4 * QUARTER // meter.unit
        if number + 1 < len(lines):
            actual = (int(lines[number + 1]) - tick) * QUARTER / piece.ticks_per_quarter
            if actual < full - _SHORTEST:
                length = max(round(actual / _SHORTEST), 1) * _SHORTEST
        bars.append(Bar(start, length, meter, keys[number], length < full))
        start += length
    return bars, ticks


def _keys(piece: Piece, lines: np.ndarray) -> list[KeySignature]:
    """Return the key of each bar; a change within a bar holds from the nearer bar line on."""
    if not piece.keys:
        name = estimate_key(piece)
        return [KeySignature.parse(name) if name else KeySignature(0)] * len(lines)
    middles = lines[:-1] + np.diff(lines) // 2 if len(lines) > 1 else lines
    found = np.searchsorted([change.tick for change in piece.keys], middles, side="right") - 1
    return [piece.keys[max(number, 0)].key for number in found.tolist()]


@lru_cache(maxsize=256)
def _levels(meter: Meter, length: int) -> tuple[tuple[int, ...], ...]:
    steps = [96] if (meter.beats, meter.unit) in ((4, 4), (2, 2), (3, 2), (4, 2)) else []
    steps += [144, 72] if meter.beats == 12 and meter.unit == 8 else [beat_units(meter)]
    steps += [step for step in (48, 24, 12, 6, 3) if step < steps[-1] and steps[-1] % step == 0]
    levels = [tuple(range(step, length, step)) for step in steps]
    first = _UNEVEN.get((meter.beats, meter.unit))
    if first is not None and length > first[-1]:
        levels.insert(0, first)
    return tuple(level for level in levels if level) or ((),)


@lru_cache(maxsize=256)
def _beam_groups(meter: Meter, length: int) -> tuple[int, ...]:
    if meter.unit == 8 and (meter.beats, meter.unit) in _UNEVEN:
        return _UNEVEN[meter.beats, meter.unit]
    is_one_group = (meter.beats, meter.unit) == (3, 8)
    step = length if is_one_group else max(beat_units(meter), QUARTER) if meter.unit == 8 else QUARTER
    return tuple(range(step, length, step))
