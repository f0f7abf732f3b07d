"""The inputs of one sequence, event by event: what `CursorBatch` and `HistoryBatch` do for many, in plain steps."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np
from euterpe_music.note_events.arrange import COMPOSED, FUTURE, GIVEN
from euterpe_music.note_events.event import Event, note_of, order_key
from euterpe_music.note_events.features import (
    BAR_CONDITIONS,
    BAR_ECHO,
    CANDIDATE_COLUMNS,
    ECHO_COUNT,
    FEATURES,
    FRESH,
    GAP_EDGES,
    INDEX,
    LAGS,
    LEFT_EDGES,
    MAX_MATCH,
    NO_ECHO,
    SINCE_EDGES,
)
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.part_history import LONGER_AGO, NO_HISTORY, PREVIOUS_BAR, SAME_BAR, SAME_ONSET
from euterpe_music.note_events.piece import PART_SPAN, POSITION_SPAN
from euterpe_music.note_events.spec import (
    BAR,
    END,
    LENGTHS,
    METER_OFFSET,
    METER_TICKS,
    NONE,
    PART_OFFSET,
    TEMPO_OFFSET,
    TICKS_PER_QUARTER,
    UNKNOWN_KEY,
)

_METER_TICKS = METER_TICKS.tolist()
_LENGTHS = LENGTHS.tolist()
_SINCE = SINCE_EDGES.tolist()
_LEFT = LEFT_EDGES.tolist()
_GAP = GAP_EDGES.tolist()


class PartHistory:
    """What one part played last, note by note; see `note_events.part_history`."""

    def __init__(self) -> None:
        self._bar = self._position = -1
        self._pitch = self._length = self._velocity = 0
        self._top = self._top_before = 0

    def add(self, bar: int, position: int, pitch: int, length: int, velocity: int) -> None:
        """Take in a note: its MIDI pitch or drum key, and its values of the columns length and velocity."""
        if (bar, position) != (self._bar, self._position):
            self._top_before, self._top = self._top, pitch + 1
            self._bar, self._position = bar, position
        self._pitch, self._length, self._velocity = pitch + 1, length, velocity

    def describe(self, bar: int, position: int) -> tuple[int, int, int, int, int]:
        """Return the history for a note at a place that is not before the latest note's."""
        if (bar, position) == (self._bar, self._position):
            return self._pitch, self._top_before, self._length, self._velocity, SAME_ONSET
        age = {0: SAME_BAR, 1: PREVIOUS_BAR}.get(bar - self._bar, LONGER_AGO)
        return self._pitch, self._top, self._length, self._velocity, age


@dataclass
class _BarMemory:
    """The notes of one bar that may be echoed, in canonical order."""

    keys: list[int] = field(default_factory=list)
    events: list[tuple[int, int, int, int]] = field(default_factory=list)

    def add(self, key: int, event: Event) -> None:
        place = bisect_left(self.keys, key)
        if place == len(self.keys) or self.keys[place] != key:
            self.keys.insert(place, key)
            self.events.insert(place, event[:4])


class Cursor:
    """Follows one sequence of events and describes the music after the latest.

    `total_bars` is the length of the piece where it is known. `conditions` gives values of the features of the same
    names for each bar; the last value holds for all later bars.
    """

    def __init__(self, total_bars: int | None = None, conditions: dict[str, list[int]] | None = None) -> None:
        unknown = set(conditions or ()) - set(BAR_CONDITIONS)
        if unknown:
            raise ValueError(f"conditions must be among {', '.join(BAR_CONDITIONS)}, got {', '.join(sorted(unknown))}")
        self.total_bars = total_bars
        self.conditions = conditions or {}
        self.bar = -1
        self.meter = self.tempo = 0
        self.position = FRESH
        self.last_key = -1
        self.event: Event = (BAR, NONE, NONE, NONE, NONE)
        self.role = COMPOSED
        self.gap: tuple[int, int] | None = None
        self.given_keys: set[int] = set()
        self._part = -1
        self._chord_size = self.chord_notes = 0
        self._bar_start = 0
        self._bars: dict[int, _BarMemory] = {}
        self._held: list[tuple[int, int, int]] = []
        self._matches = [0] * len(LAGS)
        self._echoes: list[tuple[int, int, int, int]] = [NO_ECHO] * ECHO_COUNT
        self._events = 0
        self._histories: dict[int, PartHistory] = {}

    @property
    def bar_ticks(self) -> int:
        """The ticks of the current bar."""
        return int(_METER_TICKS[self.meter])

    def push(self, event: Event, role: int = COMPOSED, *, is_echoed: bool = True) -> None:
        """Take in the next event. Notes of parts that are not composed are given with `is_echoed` false."""
        self._update_matches(event, role)
        self.event, self.role = event, role
        self._events += 1
        if role >= FUTURE or event[0] == END:
            self._move_to(FRESH, -1)
        elif event[0] == BAR:
            self._begin_bar(event)
        else:
            self._add_note(event, role, is_echoed)
        self._echoes = self._find_echoes()

    def values(self) -> np.ndarray:
        """Return the features after the latest event."""
        row = np.zeros(len(FEATURES), dtype=np.int16)
        row[:5] = self.event
        row[5:9] = self.role, self.position, self._phase(), self.meter
        bar = max(self.bar, 0)
        left = 0
        if self.total_bars is not None:
            left = 1 + bisect_right(_LEFT, self.total_bars - 1 - bar)
        gap = 0
        if self.gap is not None and self.gap[0] <= bar < self.gap[1]:
            gap = 1 + bisect_right(_GAP, self.gap[1] - bar)
        low, high, count = self._sounding()
        row[9:18] = self.tempo, bar % 16, bisect_right(_SINCE, bar), left, gap, low, high, count, self._chord_size
        row[18 : 18 + len(LAGS)] = self._matches
        row[INDEX["key"]] = UNKNOWN_KEY
        for name, values in self.conditions.items():
            row[INDEX[name]] = values[min(bar, len(values) - 1)]
        return row

    def echoes(self) -> np.ndarray:
        """Return the candidates of all lags: [lags x candidates, 4]."""
        return np.array(self._echoes, dtype=np.int16)

    def history(self, part: int, position: int) -> tuple[int, int, int, int, int]:
        """Return what a part played last before its next note at a position of the current bar; see `part_history`."""
        history = self._histories.get(part)
        return NO_HISTORY if history is None else history.describe(self.bar, position)

    def _phase(self) -> int:
        return TICKS_PER_QUARTER if self.position == FRESH else self.position % TICKS_PER_QUARTER

    def _move_to(self, position: int, key: int) -> None:
        is_chord = position == self.position and position != FRESH
        self._chord_size = min(self._chord_size + 1, 8) if is_chord else int(position != FRESH)
        is_same = is_chord and key // PART_SPAN == self.last_key // PART_SPAN
        self.chord_notes = self.chord_notes + 1 if is_same else int(position != FRESH)
        self.position, self.last_key = position, key

    def _begin_bar(self, event: Event) -> None:
        if self.bar >= 0:
            self._bar_start += self.bar_ticks
        self.bar += 1
        self.meter, self.tempo = event[1] - METER_OFFSET, event[2] - TEMPO_OFFSET
        self.given_keys = set()
        self._bars.pop(self.bar - max(LAGS) - 1, None)
        self._held = [note for note in self._held if note[1] > self._bar_start]
        self._move_to(FRESH, -1)

    def _add_note(self, event: Event, role: int, is_echoed: bool) -> None:
        position, part, pitch = note_of(event)
        key = order_key(position, part, pitch)
        self._histories.setdefault(part, PartHistory()).add(self.bar, position, pitch, event[3], event[4])
        if is_echoed:
            self._bars.setdefault(self.bar, _BarMemory()).add(key, event)
        if part != DRUM_PART:
            onset = self._bar_start + position
            self._held.append((onset, onset + _LENGTHS[event[3] - 1], pitch))
        if role == GIVEN:
            self.given_keys.add(key)
            self._move_to(FRESH, -1)
        else:
            self._move_to(position, key)
            self._part = part

    def _update_matches(self, event: Event, role: int) -> None:
        if role != COMPOSED or event[0] == END:
            return
        for number in range(len(LAGS)):
            echo = self._echoes[2 * number]
            is_equal = self._events > 0 and echo[0] == event[0] and (event[0] == BAR or echo[1:3] == event[1:3])
            self._matches[number] = min(self._matches[number] + 1, MAX_MATCH) if is_equal else 0

    def _find_echoes(self) -> list[tuple[int, int, int, int]]:
        found = []
        for lag in LAGS:
            past = self.bar - lag
            memory = self._bars.get(past)
            if past < 0:
                found += [NO_ECHO, NO_ECHO]
            elif memory is None:
                found += [BAR_ECHO, NO_ECHO if self._part < 0 else BAR_ECHO]
            else:
                place = bisect_right(memory.keys, self.last_key)
                found.append(memory.events[place] if place < len(memory.events) else BAR_ECHO)
                found.append(self._echo_of_part(memory))
        return found

    def _echo_of_part(self, memory: _BarMemory) -> tuple[int, int, int, int]:
        if self._part < 0:
            return NO_ECHO
        position = -1 if self.position == FRESH else self.position
        part = PART_OFFSET + self._part
        place = bisect_left(memory.keys, (position + 1) * POSITION_SPAN)
        return next((event for event in memory.events[place:] if event[1] == part), BAR_ECHO)

    def _sounding(self) -> tuple[int, int, int]:
        now = self._bar_start + (0 if self.position == FRESH else self.position)
        pitches = [pitch for onset, end, pitch in self._held if onset < now < end]
        if not pitches:
            return 0, 0, 0
        return min(pitches) + 1, max(pitches) + 1, min(len(pitches), 8)


assert CANDIDATE_COLUMNS == 4
