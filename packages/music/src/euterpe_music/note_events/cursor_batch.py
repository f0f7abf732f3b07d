"""Compute the inputs of many sequences event by event, as an engine needs them: the same values as `features`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_events.arrange import COMPOSED, FUTURE, GIVEN, Gap
from euterpe_music.note_events.features import (
    BAR_CONDITIONS,
    BAR_ECHO,
    CANDIDATE_COLUMNS,
    CANDIDATES,
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
from euterpe_music.note_events.history_batch import HistoryBatch
from euterpe_music.note_events.instruments import DRUM_PART, PART_COUNT
from euterpe_music.note_events.piece import PART_SPAN, POSITION_SPAN
from euterpe_music.note_events.spec import (
    BAR,
    DRUM_KEYS,
    DRUM_OFFSET,
    END,
    LENGTHS,
    METER_OFFSET,
    METER_TICKS,
    PART_OFFSET,
    PITCH_OFFSET,
    TEMPO_OFFSET,
    TICKS_PER_QUARTER,
    UNKNOWN_KEY,
)

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_LAGS: Final = np.array(LAGS)
_LAG_NUMBERS: Final = np.arange(len(LAGS))
#: Bars of which notes are kept: those that may be echoed, and the current one.
_RING: Final = max(LAGS) + 1
_NO_KEY: Final = np.iinfo(np.int64).max
_FIRST_MATCH: Final = INDEX["match_1"]
_FIRST_CONDITION: Final = INDEX[BAR_CONDITIONS[0]]
_FIRST_NOTES, _FIRST_HELD = 32, 64

assert FEATURES[_FIRST_CONDITION:] == FEATURES[-len(BAR_CONDITIONS) :]


class CursorBatch:
    """One cursor per row. `values` [rows, features] and `echoes` [rows, candidates × 4] are the network's inputs.

    Arrays of notes grow with the fullest bar so far.
    """

    def __init__(self, rows: int) -> None:
        self.values = np.zeros((rows, len(FEATURES)), np.int64)
        self.echoes = np.zeros((rows, ECHO_COUNT * CANDIDATE_COLUMNS), np.int64)
        self.bar = np.full(rows, -1)
        #: Bars of the piece; -1 where that is not known.
        self.total_bars = np.full(rows, -1)
        self.bar_ticks = np.zeros(rows, np.int64)
        self.position = np.full(rows, FRESH)
        self.last_key = np.full(rows, -1)
        #: Per row the given notes of the current bar: position × 256 + part → pitches.
        self.given: list[dict[int, list[int]]] = [{} for _ in range(rows)]
        self._bar_start = np.zeros(rows, np.int64)
        #: How many notes the latest part has at the position, so far.
        self.chord_notes = np.zeros(rows, np.int64)
        self._part = np.full(rows, -1)
        self._has_events = np.zeros(rows, np.bool_)
        self._held = np.zeros((rows, 3, _FIRST_HELD), np.int64)
        self._held_count = np.zeros(rows, np.int64)
        self._keys = np.full((rows, _RING, _FIRST_NOTES), _NO_KEY)
        self._notes = np.zeros((rows, _RING, _FIRST_NOTES, CANDIDATE_COLUMNS), np.int16)
        self._note_count = np.zeros((rows, _RING), np.int64)
        self._allocate_past(rows)
        self._histories = HistoryBatch(rows)
        self._conditions: list[Integers | None] = [None] * rows
        self._gaps: list[tuple[Gap, ...]] = [()] * rows

    def reset(
        self,
        row: int,
        total_bars: int | None = None,
        conditions: Mapping[str, Sequence[int]] | None = None,
        gaps: Sequence[Gap] = (),
        first_bar: int = 0,
    ) -> None:
        """Start a new sequence in a row. Gaps without bars shown ahead are not described.

        `total_bars` is the length of the piece where it is known. `conditions` gives values of the features of the same
        names for each bar; the last value holds for all later bars.
        """
        for array in (
            self.values, self.echoes, self._bar_start, self.bar_ticks, self._has_events, self._held_count,
            self._note_count, self.chord_notes,
        ):  # fmt: skip
            array[row] = 0
        for array in (self.last_key, self._part):
            array[row] = -1
        self.bar[row] = first_bar - 1
        self.position[row] = FRESH
        self.total_bars[row] = -1 if total_bars is None else total_bars
        self.given[row] = {}
        self._held[row, 1] = -1
        self._keys[row] = _NO_KEY
        self._notes[row] = BAR_ECHO
        self._histories.reset(row)
        self._conditions[row] = _condition_table(conditions or {})
        self._gaps[row] = tuple(gap for gap in gaps if gap.ahead)

    def move(self, source: int, target: int) -> None:
        """Copy a row over another."""
        self._histories.move(source, target)
        for value in vars(self).values():
            if value is not self._histories:
                value[target] = value[source]
        self.given[source] = {}

    def push(self, events: Integers, roles: Integers, echoed: Flags) -> None:
        """Take in the next event of each of the first n rows: events [n, 5], roles [n], which may be echoed [n]."""
        count, slot = len(events), events[:, 0]
        self._update_matches(events, roles)
        values = self.values[:count]
        values[:, :5], values[:, 5] = events, roles
        in_time = roles < FUTURE
        is_note = in_time & (slot < BAR)
        lines = np.flatnonzero(in_time & (slot == BAR))
        if len(lines):
            self._begin_bars(lines, events[lines])
        part, keys = _parts_and_keys(events)
        notes = np.flatnonzero(is_note)
        if len(notes):
            self._add_notes(notes, events[notes], part[notes], keys[notes], roles[notes], echoed[notes])
        is_free = is_note & (roles == COMPOSED)
        sizes, position = values[:, INDEX["chord_size"]], self.position[:count]
        grown = np.minimum(sizes + 1, 8)
        values[:, INDEX["chord_size"]] = np.where(is_free & (slot == position), grown, is_free)
        is_same = (slot == position) & (part == self._part[:count])
        self.chord_notes[:count] = np.where(is_free & is_same, self.chord_notes[:count] + 1, is_free)
        np.copyto(position, np.where(is_free, slot, FRESH))
        self.last_key[:count] = np.where(is_free, keys, -1)
        np.copyto(self._part[:count], part, where=is_free)
        values[:, INDEX["pointer"]] = position
        values[:, INDEX["phase"]] = np.where(is_free, slot % TICKS_PER_QUARTER, TICKS_PER_QUARTER)
        self._has_events[:count] = True
        self._describe_held(count)
        self._find_echoes(count)

    def histories(self, slots: Integers, parts: Integers) -> Integers:
        """Return what the part of each row's next note played last [n, 5], given its slot and part column [n].

        Zeros for bar lines and the end; see `part_history`.
        """
        is_note = slots < BAR
        number = np.where(is_note, parts - PART_OFFSET, 0).clip(0, PART_COUNT - 1)
        return np.where(is_note[:, None], self._histories.describe(self.bar[: len(slots)], number, slots), 0)

    def _update_matches(self, events: Integers, roles: Integers) -> None:
        count, slot = len(events), events[:, 0]
        expected = self.echoes[:count].reshape(count, len(LAGS), CANDIDATES, CANDIDATE_COLUMNS)[:, :, 0]
        is_equal = expected[:, :, 0] == slot[:, None]
        is_equal &= (slot == BAR)[:, None] | (expected[:, :, 1:3] == events[:, None, 1:3]).all(axis=2)
        is_equal &= self._has_events[:count, None]
        matches = self.values[:count, _FIRST_MATCH : _FIRST_MATCH + len(LAGS)]
        updated = np.where(is_equal, np.minimum(matches + 1, MAX_MATCH), 0)
        np.copyto(matches, updated, where=((roles == COMPOSED) & (slot != END))[:, None])

    def _begin_bars(self, rows: Integers, events: Integers) -> None:
        self._bar_start[rows] += np.where(self.bar[rows] >= 0, self.bar_ticks[rows], 0)
        self.bar[rows] += 1
        bar, meter = self.bar[rows], events[:, 1] - METER_OFFSET
        self.bar_ticks[rows] = METER_TICKS[meter]
        values = self.values
        values[rows, INDEX["meter"]], values[rows, INDEX["tempo"]] = meter, events[:, 2] - TEMPO_OFFSET
        values[rows, INDEX["bar_phase"]] = bar % 16
        values[rows, INDEX["since"]] = np.searchsorted(SINCE_EDGES, bar, side="right")
        left = 1 + np.searchsorted(LEFT_EDGES, self.total_bars[rows] - 1 - bar, side="right")
        values[rows, INDEX["left"]] = np.where(self.total_bars[rows] < 0, 0, left)
        for row, number in zip(rows.tolist(), bar.tolist(), strict=True):
            self._begin_bar(row, number)
        self._keys[rows, bar % _RING] = _NO_KEY
        self._notes[rows, bar % _RING] = BAR_ECHO
        self._note_count[rows, bar % _RING] = 0
        self._show_past(rows, bar)

    def _begin_bar(self, row: int, bar: int) -> None:
        """Update what differs in kind from row to row: given notes, held notes, gaps and conditions."""
        self.given[row] = {}
        values, conditions = self.values[row], self._conditions[row]
        values[INDEX["gap"]] = 0
        for gap in self._gaps[row]:
            if gap.start <= bar < gap.stop:
                values[INDEX["gap"]] = 1 + np.searchsorted(GAP_EDGES, gap.stop - bar, side="right")
        if conditions is not None:
            values[_FIRST_CONDITION:] = conditions[min(bar, len(conditions) - 1)]
        count = self._held_count[row]
        held = self._held[row, :, :count]
        kept = held[:, held[1] > self._bar_start[row]]
        self._held[row, 1, kept.shape[1] : count] = -1
        self._held[row, :, : kept.shape[1]] = kept
        self._held_count[row] = kept.shape[1]

    def _show_past(self, rows: Integers, bar: Integers) -> None:
        """Copy the notes of the bars that may be echoed from the bars that begin now."""
        past = bar[:, None] - _LAGS
        place = (rows[:, None], past % _RING)
        is_before = past < 0
        keys = self._keys[place]
        keys[is_before] = _NO_KEY
        size = keys.shape[2]
        self._past_keys[rows] = keys
        self._past_parts[rows] = np.where(keys == _NO_KEY, -1, keys % POSITION_SPAN // PART_SPAN)
        notes = self._notes[place]
        notes[is_before] = NO_ECHO
        self._past_notes[rows, :, :size] = notes
        self._past_notes[rows, :, size] = np.where(is_before[:, :, None], NO_ECHO, BAR_ECHO)
        self._past_count[rows] = np.where(is_before, 0, self._note_count[place])

    def _add_notes(
        self, rows: Integers, events: Integers, part: Integers, keys: Integers, roles: Integers, echoed: Flags
    ) -> None:
        self._histories.add(rows, self.bar[rows], part, events)
        if echoed.any():
            self._remember(rows[echoed], events[echoed], keys[echoed])
        pitched = part != DRUM_PART
        if pitched.any():
            held = rows[pitched]
            place = self._held_count[held]
            if place.max() >= self._held.shape[2]:
                self._held = _wider(self._held, 2, -1)
            onset = self._bar_start[held] + events[pitched, 0]
            self._held[held, 0, place] = onset
            self._held[held, 1, place] = onset + LENGTHS[events[pitched, 3] - 1]
            self._held[held, 2, place] = events[pitched, 2] - PITCH_OFFSET
            self._held_count[held] += 1
        for index in np.flatnonzero(roles == GIVEN).tolist():
            pitch = 127 - int(keys[index]) % PART_SPAN
            moment = int(keys[index]) // PART_SPAN
            self.given[int(rows[index])].setdefault(moment, []).append(pitch)

    def _remember(self, rows: Integers, events: Integers, keys: Integers) -> None:
        """Keep notes for echoes. Notes come in canonical order, but for given ones in a bar that is also composed."""
        bar = self.bar[rows] % _RING
        place = self._note_count[rows, bar]
        if place.max() + 1 >= self._keys.shape[2]:
            self._keys, self._notes = _wider(self._keys, 2, _NO_KEY), _wider(self._notes, 2, BAR_ECHO)
            self._widen_past()
        previous = np.where(place > 0, self._keys[rows, bar, np.maximum(place - 1, 0)], -1)
        for index in np.flatnonzero(keys <= previous).tolist():
            self._insert(int(rows[index]), int(bar[index]), int(keys[index]), events[index])
        last = np.flatnonzero(keys > previous)
        rows, bar, place = rows[last], bar[last], place[last]
        self._keys[rows, bar, place] = keys[last]
        self._notes[rows, bar, place] = events[last, :CANDIDATE_COLUMNS]
        self._note_count[rows, bar] += 1

    def _insert(self, row: int, bar: int, key: int, event: Integers) -> None:
        count = int(self._note_count[row, bar])
        keys, notes = self._keys[row, bar], self._notes[row, bar]
        place = int(np.searchsorted(keys[:count], key))
        if place < count and keys[place] == key:
            return
        keys[place + 1 : count + 1] = keys[place:count].copy()
        notes[place + 1 : count + 1] = notes[place:count].copy()
        keys[place], notes[place] = key, event[:CANDIDATE_COLUMNS]
        self._note_count[row, bar] += 1

    def _describe_held(self, count: int) -> None:
        """Fill in the lowest, highest and number of the notes that sound on at the cursor's position."""
        position = self.position[:count]
        now = (self._bar_start[:count] + np.where(position == FRESH, 0, position))[:, None]
        used = int(self._held_count[:count].max())
        onset, end, pitch = self._held[:count, :, :used].transpose(1, 0, 2)
        sounds = (onset < now) & (end > now)
        values = self.values[:count]
        low = np.where(sounds, pitch, 128).min(axis=1, initial=128)
        values[:, INDEX["held_low"]] = np.where(low < 128, low + 1, 0)
        values[:, INDEX["held_high"]] = np.where(sounds, pitch, -1).max(axis=1, initial=-1) + 1
        values[:, INDEX["held_count"]] = np.minimum(sounds.sum(axis=1), 8)

    def _find_echoes(self, count: int) -> None:
        used = int(self._past_count[:count].max())
        keys = self._past_keys[:count, :, :used]
        position, part = self.position[:count], self._part[:count]
        following = (keys <= self.last_key[:count, None, None]).sum(axis=2)
        later = (np.where(position == FRESH, -1, position) + 1) * POSITION_SPAN
        of_part = (keys >= later[:, None, None]) & (self._past_parts[:count, :, :used] == part[:, None, None])
        last = self._past_notes.shape[2] - 1
        next_of_part = (
            np.where(of_part.any(axis=2), of_part.argmax(axis=2), last) if used else np.full_like(following, last)
        )
        row = np.arange(count)[:, None]
        echoes = self.echoes[:count].reshape(count, len(LAGS), CANDIDATES, CANDIDATE_COLUMNS)
        echoes[:, :, 0] = self._past_notes[row, _LAG_NUMBERS, following]
        echoes[:, :, 1] = self._past_notes[row, _LAG_NUMBERS, next_of_part]
        echoes[part < 0, :, 1] = NO_ECHO

    def _allocate_past(self, rows: int) -> None:
        size = self._keys.shape[2]
        self._past_keys = np.full((rows, len(LAGS), size), _NO_KEY)
        self._past_parts = np.full((rows, len(LAGS), size), -1)
        self._past_notes = np.zeros((rows, len(LAGS), size + 1, CANDIDATE_COLUMNS), np.int16)
        self._past_count = np.zeros((rows, len(LAGS)), np.int64)

    def _widen_past(self) -> None:
        """Make room in the copies of earlier bars; they keep their notes."""
        self._past_keys = _wider(self._past_keys, 2, _NO_KEY)
        self._past_parts = _wider(self._past_parts, 2, -1)
        last = self._past_notes[:, :, -1:]
        more = np.repeat(last, self._past_keys.shape[2] + 1 - self._past_notes.shape[2], axis=2)
        self._past_notes = np.concatenate([self._past_notes, more], axis=2)


def _parts_and_keys(events: Integers) -> tuple[Integers, Integers]:
    """Return the part of each note, and the number that sorts it within its bar; see `cursor.order_key`."""
    part = events[:, 1] - PART_OFFSET
    pitch = events[:, 2] - np.where(part == DRUM_PART, DRUM_OFFSET - DRUM_KEYS.start, PITCH_OFFSET)
    return part, events[:, 0] * POSITION_SPAN + part * PART_SPAN + 127 - pitch


def _condition_table(conditions: Mapping[str, Sequence[int]]) -> Integers:
    """Return the conditions of each bar [bars, conditions]; open ones are 0, an open key is `UNKNOWN_KEY`."""
    if unknown := set(conditions) - set(BAR_CONDITIONS):
        raise ValueError(f"conditions must be among {', '.join(BAR_CONDITIONS)}, got {', '.join(sorted(unknown))}")
    bars = max((len(each) for each in conditions.values()), default=1)
    table = np.zeros((bars, len(BAR_CONDITIONS)), np.int64)
    table[:, BAR_CONDITIONS.index("key")] = UNKNOWN_KEY
    for name, each in conditions.items():
        table[:, BAR_CONDITIONS.index(name)] = [*each, *[each[-1]] * (bars - len(each))]
    return table


def _wider(array: NDArray[Any], axis: int, fill: Any) -> NDArray[Any]:
    """Return the array with twice the size along an axis."""
    shape = list(array.shape)
    more = np.empty(shape, array.dtype)
    more[...] = fill
    return np.concatenate([array, more], axis=axis)
