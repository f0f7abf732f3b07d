"""Which values may follow in one sequence: what `GrammarBatch` gives for many, in plain steps."""

import numpy as np
from euterpe_music.note_events.event import order_key
from euterpe_music.note_events.features import FRESH
from euterpe_music.note_events.instruments import DRUM_PART, PART_COUNT, PART_NOTES, PART_RANGES
from euterpe_music.note_events.piece import PART_SPAN, POSITION_SPAN
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import (
    BAR,
    COLUMN_SIZES,
    DRUM_KEYS,
    DRUM_OFFSET,
    END,
    METER_OFFSET,
    METERS,
    NONE,
    PART_OFFSET,
    PITCH_OFFSET,
    TEMPO_COUNT,
    TEMPO_OFFSET,
)

from euterpe_test_kit.note_cursor import Cursor


class Grammar:
    """Masks of legal values, column by column, for the event after a cursor's latest."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._parts = np.zeros(PART_COUNT, dtype=bool)
        self._parts[list(rules.parts) if rules.parts is not None else slice(None)] = True
        self._part_numbers = np.arange(PART_COUNT)

    def slots(self, cursor: Cursor, bar_events: int) -> np.ndarray:
        """Return which slots may follow: positions from the latest on, a bar line, the end."""
        mask = np.zeros(COLUMN_SIZES[0], dtype=bool)
        if cursor.bar < 0:
            mask[BAR] = True
            return mask
        is_last = cursor.total_bars is not None and cursor.bar + 1 >= cursor.total_bars
        mask[END] = is_last or cursor.total_bars is None
        mask[BAR] = not is_last
        if bar_events < self.rules.max_bar_events:
            first = 0 if cursor.position == FRESH else cursor.position
            mask[first : cursor.bar_ticks] = True
            if cursor.position != FRESH and not self.parts(cursor, cursor.position)[PART_OFFSET:METER_OFFSET].any():
                mask[cursor.position] = False
            if cursor.bar == 0:
                mask[: self.rules.first_position] = False
        return mask

    def parts(self, cursor: Cursor, slot: int) -> np.ndarray:
        """Return which parts, or meters of a bar line, may follow a slot."""
        mask = np.zeros(COLUMN_SIZES[1], dtype=bool)
        if slot == BAR:
            meters = range(len(METERS)) if self.rules.meter is None else (self.rules.meter,)
            mask[[METER_OFFSET + meter for meter in meters]] = True
        elif slot == END:
            mask[NONE] = True
        else:
            allowed = self._parts.copy()
            if slot == cursor.position:
                latest, pitch = self._latest(cursor)
                allowed &= self._part_numbers >= latest
                lowest, _ = self._range(latest)
                allowed[latest] &= pitch > lowest and cursor.chord_notes < PART_NOTES[latest]
            mask[PART_OFFSET : PART_OFFSET + PART_COUNT] = allowed
        return mask

    def pitches(self, cursor: Cursor, slot: int, part: int) -> np.ndarray:
        """Return which pitches, or tempi of a bar line, may follow a slot and the value of the part column."""
        mask = np.zeros(COLUMN_SIZES[2], dtype=bool)
        if slot == BAR:
            tempi = range(TEMPO_COUNT) if self.rules.tempo is None else (self.rules.tempo,)
            mask[[TEMPO_OFFSET + tempo for tempo in tempi]] = True
            return mask
        if slot == END:
            mask[NONE] = True
            return mask
        number = part - PART_OFFSET
        lowest, highest = self._range(number)
        if slot == cursor.position:
            latest, pitch = self._latest(cursor)
            highest = pitch - 1 if latest == number else highest
        free = [p for p in range(lowest, highest + 1) if order_key(slot, number, p) not in cursor.given_keys]
        offset = DRUM_OFFSET - DRUM_KEYS.start if number == DRUM_PART else PITCH_OFFSET
        mask[[offset + pitch for pitch in free]] = True
        return mask

    def _range(self, part: int) -> tuple[int, int]:
        """Return the lowest and the highest pitch of a part."""
        if part == DRUM_PART:
            return DRUM_KEYS.start, DRUM_KEYS.stop - 1
        lowest, highest = PART_RANGES[part]
        return max(lowest, self.rules.lowest), min(highest, self.rules.highest)

    @staticmethod
    def details(column: int, slot: int) -> np.ndarray:
        """Return which lengths (column 3) or velocities (column 4) may follow: none of bar lines, any of notes."""
        mask = np.zeros(COLUMN_SIZES[column], dtype=bool)
        if slot in (BAR, END):
            mask[NONE] = True
        else:
            mask[NONE + 1 :] = True
        return mask

    @staticmethod
    def _latest(cursor: Cursor) -> tuple[int, int]:
        """Return part and pitch of the latest composed note."""
        rest = cursor.last_key % POSITION_SPAN
        return rest // PART_SPAN, 127 - rest % PART_SPAN
