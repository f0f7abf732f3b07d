"""Which values may follow: masks for each column of the next events, so that every sequence is a piece."""

import numpy as np

from euterpe_music.note_events.cursor_batch import CursorBatch, Flags, Integers
from euterpe_music.note_events.features import FRESH, INDEX
from euterpe_music.note_events.instruments import DRUM_PART, PART_COUNT, PART_NOTES, PART_RANGES
from euterpe_music.note_events.piece import PART_SPAN, POSITION_SPAN
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import (
    BAR,
    COLUMN_SIZES,
    DRUM_KEYS,
    DRUM_OFFSET,
    END,
    METER_BEAT_TICKS,
    METER_OFFSET,
    METERS,
    NONE,
    PART_OFFSET,
    PITCH_COUNT,
    PITCH_OFFSET,
    TEMPO_COUNT,
    TEMPO_OFFSET,
)

_CLASSES = np.arange(PITCH_COUNT) % 12
_PART_NOTES = np.array(PART_NOTES)
_PART_LOWEST, _PART_HIGHEST = np.array(PART_RANGES).T
_SLOTS, _PARTS, _PITCHES = np.arange(COLUMN_SIZES[0]), np.arange(PART_COUNT), np.arange(COLUMN_SIZES[2])


class GrammarBatch:
    """The rules of each row, as arrays over the rows of a cursor batch."""

    def __init__(self, cursors: CursorBatch, rows: int) -> None:
        self._cursors = cursors
        self._parts = np.ones((rows, PART_COUNT), np.bool_)
        self._meters = np.ones((rows, len(METERS)), np.bool_)
        self._tempi = np.ones((rows, TEMPO_COUNT), np.bool_)
        self._last_part = np.full(rows, PART_COUNT - 1)
        self._lowest, self._highest = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self._max_bar_events = np.zeros(rows, np.int64)
        self._first_position = np.zeros(rows, np.int64)
        #: Pitch classes of the last bar; any but for rows that are restricted.
        self._last_classes = np.ones((rows, 12), np.bool_)
        self._is_restricted = np.zeros(rows, np.bool_)

    def reset(self, row: int, rules: Rules) -> None:
        """Set the rules of a row."""
        for mask, allowed in (
            (self._parts, rules.parts),
            (self._meters, None if rules.meter is None else [rules.meter]),
            (self._tempi, None if rules.tempo is None else [rules.tempo]),
        ):
            mask[row] = allowed is None
            if allowed is not None:
                mask[row, list(allowed)] = True
        self._last_part[row] = int(np.flatnonzero(self._parts[row]).max(initial=-1))
        self._lowest[row], self._highest[row] = rules.lowest, rules.highest
        self._max_bar_events[row] = rules.max_bar_events
        self._first_position[row] = rules.first_position
        self.restrict_last_bar(row, None)

    def restrict_last_bar(self, row: int, classes: Flags | None) -> None:
        """Allow in the last bar of a row only notes on beats, of these pitch classes [12], and require one."""
        self._is_restricted[row] = classes is not None
        self._last_classes[row] = True if classes is None else classes

    def move(self, source: int, target: int) -> None:
        """Copy a row over another."""
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value[target] = value[source]

    def slots(self, bar_events: Integers) -> Flags:
        """Return which slots may follow [n, slots], where n rows have that many events in the current bar."""
        count, cursors = len(bar_events), self._cursors
        position, bar, total = cursors.position[:count], cursors.bar[:count], cursors.total_bars[:count]
        # At the latest note's position there must be a part, or a lower pitch of its part, for another note.
        latest, pitch = self._latest(count)
        has_room = (position == FRESH) | (self._last_part[:count] > latest)
        rest = np.flatnonzero(~has_room)
        has_room[rest] = self._parts[rest, latest[rest]] & self._goes_on(rest, latest[rest], pitch[rest])
        first = np.where(position == FRESH, 0, position + ~has_room)
        first = np.maximum(first, np.where(bar == 0, self._first_position[:count], 0))
        last = np.where(bar_events < self._max_bar_events[:count], cursors.bar_ticks[:count], 0)
        mask: Flags = (first[:, None] <= _SLOTS) & (last[:, None] > _SLOTS)
        is_last = (total >= 0) & (bar + 1 >= total)
        restricted = np.flatnonzero(is_last & self._is_restricted[:count])
        mask[restricted] &= _SLOTS % METER_BEAT_TICKS[cursors.values[restricted, INDEX["meter"]]][:, None] == 0
        mask[:, BAR] = ~is_last
        mask[:, END] = (is_last & ~(self._is_restricted[:count] & (bar_events == 0))) | (total < 0)
        mask[bar < 0] = _SLOTS == BAR
        return mask

    def parts(self, slot: Integers) -> Flags:
        """Return which parts, or meters of a bar line, may follow slots [n]."""
        count = len(slot)
        latest, pitch = self._latest(count)
        allowed = self._parts[:count].copy()
        same = np.flatnonzero(slot == self._cursors.position[:count])
        if len(same):
            number = latest[same]
            allowed[same] &= number[:, None] <= _PARTS
            allowed[same, number] &= self._goes_on(same, number, pitch[same])
        mask = np.zeros((count, COLUMN_SIZES[1]), np.bool_)
        mask[:, PART_OFFSET:METER_OFFSET] = allowed & (slot < BAR)[:, None]
        mask[:, METER_OFFSET:] = self._meters[:count] & (slot == BAR)[:, None]
        mask[:, NONE] = slot == END
        return mask

    def begins(self, slot: Integers) -> Flags:
        """Return which parts [n, parts] have no note yet at slots [n]."""
        count = len(slot)
        mask = np.ones((count, PART_COUNT), np.bool_)
        same = np.flatnonzero(slot == self._cursors.position[:count])
        mask[same, self._latest(count)[0][same]] = False
        return mask

    def pitches(self, slot: Integers, part: Integers) -> Flags:
        """Return which pitches, or tempi of a bar line, may follow slots and values of the part column [n]."""
        count = len(slot)
        number = part - PART_OFFSET
        is_drum, is_note = number == DRUM_PART, slot < BAR
        lowest = self._lowest_of(np.arange(count), number)
        of_part = _PART_HIGHEST[number.clip(0, PART_COUNT - 1)]
        highest = np.where(is_drum, DRUM_KEYS.stop - 1, np.minimum(self._highest[:count], of_part))
        latest, pitch = self._latest(count)
        is_below = (slot == self._cursors.position[:count]) & (latest == number)
        highest = np.where(is_below, pitch - 1, highest)
        offset = np.where(is_drum, DRUM_OFFSET - DRUM_KEYS.start, PITCH_OFFSET)
        mask = ((lowest + offset)[:, None] <= _PITCHES) & ((highest + offset)[:, None] >= _PITCHES)
        mask &= is_note[:, None]
        for row, given in enumerate(self._cursors.given[:count]):
            if given and is_note[row]:
                for taken in given.get(int(slot[row]) * 256 + int(number[row]), ()):
                    mask[row, taken + offset[row]] = False
        for row in np.flatnonzero(self._is_restricted[:count] & is_note & ~is_drum).tolist():
            if self._cursors.bar[row] + 1 >= self._cursors.total_bars[row]:
                mask[row, PITCH_OFFSET : PITCH_OFFSET + PITCH_COUNT] &= self._last_classes[row, _CLASSES]
        mask[:, TEMPO_OFFSET:] = self._tempi[:count] & (slot == BAR)[:, None]
        mask[:, NONE] = slot == END
        return mask

    @staticmethod
    def details(column: int, slot: Integers) -> Flags:
        """Return which lengths (column 3) or velocities (column 4) may follow slots [n]."""
        mask = np.broadcast_to((slot < BAR)[:, None], (len(slot), COLUMN_SIZES[column])).copy()
        mask[:, NONE] = slot >= BAR
        return mask

    def _latest(self, count: int) -> tuple[Integers, Integers]:
        """Return part and pitch of the latest composed notes; they have a meaning where there is a position."""
        rest = self._cursors.last_key[:count] % POSITION_SPAN
        return np.minimum(rest // PART_SPAN, PART_COUNT - 1), 127 - rest % PART_SPAN

    def _goes_on(self, rows: Integers, part: Integers, pitch: Integers) -> Flags:
        """Return whether the latest part of rows, with its latest pitch, may have a lower note at the same position."""
        has_fewer = self._cursors.chord_notes[rows] < _PART_NOTES[part]
        return np.asarray(has_fewer & (pitch > self._lowest_of(rows, part)))

    def _lowest_of(self, rows: Integers, part: Integers) -> Integers:
        of_part = _PART_LOWEST[part.clip(0, PART_COUNT - 1)]
        return np.where(part == DRUM_PART, DRUM_KEYS.start, np.maximum(self._lowest[rows], of_part))
