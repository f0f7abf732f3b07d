"""The search for a piece's ending: its last bars are composed again until they end on the tonic."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from euterpe_music.key import rate_keys
from euterpe_music.note_events.cursor_batch import Flags, Integers
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.spec import (
    BAR,
    LENGTHS,
    METER_BEAT_TICKS,
    METER_OFFSET,
    METER_TICKS,
    NONE,
    PART_OFFSET,
    PITCH_OFFSET,
)
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array

#: What the last bar is restricted to in each attempt: any notes, those of the tonic's triad, the tonic alone.
_GUIDES: Final = ("any", "any", "any", "any", "triad", "triad", "triad", "tonic")
ATTEMPTS: Final = len(_GUIDES)
#: Notes up to this many semitones above the lowest one of the last bar are its bass; higher ones are chords.
_BASS_RANGE: Final = 7
_MODES: Final = 12
#: Longer notes count as this many ticks in the estimation of a key: a long note is no stronger evidence.
_LONGEST: Final = 96


@dataclass(frozen=True)
class EndingPlan:
    """A search from bar `start_bar` on, with which a piece of the style ends on the tonic in `share` of the cases.

    `keys` are the keys, as numbers, in which the network may have composed: one if it was asked for.
    """

    start_bar: int
    keys: tuple[int, ...]
    share: float = 1.0

    def key(self, weights: NDArray[np.float64]) -> int:
        """Return the most likely key of notes whose pitch classes sound for `weights` [12]."""
        return max(self.keys, key=rate_keys(weights).__getitem__) if len(self.keys) > 1 else self.keys[0]


@dataclass
class Attempt:
    """The events of one ending [bar, then five columns], without its first bar line."""

    rows: list[Array] = field(default_factory=list)
    rank: float = -1.0


@dataclass
class EndingSearch:
    """Attempts to end one piece, which all begin where `saved` was stored."""

    plan: EndingPlan
    meter: int
    saved: dict[str, Any]
    key: int
    is_wanted: bool
    number: int = 0
    current: Attempt = field(default_factory=Attempt)
    best: Attempt = field(default_factory=Attempt)

    def finish_attempt(self, total_bars: int) -> bool:
        """Judge the current attempt; return whether the search is over."""
        self.current.rank = rank_ending(
            self.current.rows, self.plan.start_bar, total_bars, self.meter, self.key % _MODES
        )
        if self.current.rank > self.best.rank:
            self.best = self.current
        return not self.is_wanted or self.best.rank >= _ON_TONIC or self.number + 1 >= ATTEMPTS

    def begin_attempt(self) -> Flags | None:
        """Start the next attempt; return the pitch classes of its last bar [12], None for any."""
        self.number += 1
        self.current = Attempt()
        guide = _GUIDES[self.number]
        if guide == "any":
            return None
        third = 3 if self.key >= _MODES else 4
        intervals = (0, third, 7) if guide == "triad" else (0,)
        return np.isin(np.arange(12), (np.array(intervals) + self.key) % 12)

    @property
    def rows(self) -> list[Array]:
        """The events of the best ending, or of the current one if none is complete."""
        return (self.best if self.best.rank >= 0 else self.current).rows


#: The rank of an ending with the tonic in melody and bass, on a beat of the last bar.
_ON_TONIC: Final = 3.0


def rank_ending(rows: Sequence[Array], start_bar: int, total_bars: int, meter: int, tonic: int) -> float:
    """Return how well a piece ends: a point each for melody and bass on the tonic and for a last onset on a beat.

    Half a point more if notes sound up to the bar line; 0 if nothing begins in the last bar. `rows` are the events of
    the bars from `start_bar` on, whose meter is the class `meter` until another bar line comes.
    """
    begin, starts, meters, notes = 0, {start_bar: 0}, {start_bar: meter}, []
    for row in rows:
        bar, slot, part, pitch, length = (int(value) for value in row[:5])
        if slot == BAR:
            begin += int(METER_TICKS[meters[bar - 1]])
            starts[bar], meters[bar] = begin, part - METER_OFFSET
        elif slot < BAR and pitch != NONE and part - PART_OFFSET != DRUM_PART:
            onset = starts[bar] + slot
            notes.append((onset, onset + int(LENGTHS[length - 1]), pitch - PITCH_OFFSET))
    last_bar = starts.get(total_bars - 1)
    if last_bar is None or not notes:
        return 0.0
    onset, stop, pitch = np.array(notes).T
    last = onset.max()
    if last < last_bar:
        return 0.0
    end = last_bar + int(METER_TICKS[meters[total_bars - 1]])
    melody = pitch[(onset <= last) & (stop > last)].max()
    inside = stop > last_bar
    near = inside & (pitch <= pitch[inside].min() + _BASS_RANGE)
    latest = np.maximum(onset, last_bar)
    bass = pitch[near & (latest == latest[near].max())].min()
    is_on_beat = (last - last_bar) % int(METER_BEAT_TICKS[meters[total_bars - 1]]) == 0
    points = float(melody % 12 == tonic) + float(bass % 12 == tonic) + float(is_on_beat)
    return points + 0.5 * bool(stop.max() >= end)


def add_weights(weights: NDArray[np.float64], events: Integers) -> None:
    """Add the lengths of the notes among events [n, 5] to the pitch classes of the first n rows of `weights`."""
    slot, part, pitch, length = (events[:, column] for column in range(4))
    notes = np.flatnonzero((slot < BAR) & (part - PART_OFFSET != DRUM_PART) & (pitch != NONE))
    lengths = np.minimum(LENGTHS[length[notes] - 1], _LONGEST)
    np.add.at(weights, (notes, (pitch[notes] - PITCH_OFFSET) % 12), lengths)
