"""The batch form gives each row what a cursor and a grammar of its own give."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from euterpe_music.note_events.arrange import COMPOSED, GIVEN, Gap, Rows, arrange
from euterpe_music.note_events.cursor_batch import CursorBatch
from euterpe_music.note_events.event import Event
from euterpe_music.note_events.features import bar_conditions
from euterpe_music.note_events.grammar_batch import GrammarBatch
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.part_history import NO_HISTORY
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import BAR, END, PART_OFFSET
from euterpe_test_kit.note_cursor import Cursor
from euterpe_test_kit.note_grammar import Grammar

MakePiece = Callable[..., NotePiece]
FINISHED: Event = (END, 0, 0, 0, 0)


@dataclass
class Case:
    """A sequence with everything that describes it, and the plain forms."""

    rows: Rows
    echoed: np.ndarray
    rules: Rules
    total_bars: int | None
    conditions: dict[str, list[int]]
    gaps: tuple[Gap, ...] = ()
    cursor: Cursor = field(init=False)

    def __post_init__(self) -> None:
        self.cursor = Cursor(self.total_bars, self.conditions)
        if self.gaps:
            self.cursor.gap = (self.gaps[0].start, self.gaps[0].stop)

    def event(self, step: int) -> tuple[Event, int, bool]:
        if step >= len(self.rows):
            return FINISHED, COMPOSED, True
        event: Event = tuple(self.rows.columns[step].tolist())
        return event, int(self.rows.roles[step]), bool(self.echoed[step])


def cases(make_piece: MakePiece) -> list[Case]:
    """Compose plainly, accompany two parts, infill with bars shown ahead, and compose below given notes."""
    made = []
    for seed in range(8):
        piece = make_piece(seed, bar_count=24, notes_per_bar=4 + 12 * (seed % 3))
        given = np.zeros(len(piece.notes), dtype=bool)
        gaps: tuple[Gap, ...] = ()
        if seed % 4 == 1:
            given = np.isin(piece.notes["part"], [40, DRUM_PART])
        if seed % 4 == 2:
            gaps = (Gap(5, 9, 3),)
        if seed % 4 == 3:
            given = piece.notes["pitch"] > 60
        rows = arrange(piece, given=given, gaps=gaps)
        # Notes of parts that are given are not echoed; of one part's given notes all are, out of order.
        echoed = np.ones(len(rows), dtype=bool) if seed % 4 == 3 else ~((rows.roles == GIVEN) & (seed % 4 == 1))
        table = bar_conditions(piece, ~given)
        conditions = {name: table[name].tolist() for name in ("key", "density", "chord_1")} if seed % 2 else {}
        rules = Rules(
            parts=(1, 40, 50, DRUM_PART)[: 1 + seed % 4], meter=3 if seed % 2 else None, lowest=20 * (seed % 2)
        )
        made.append(Case(rows, echoed, rules, 24 if seed % 3 else None, conditions, gaps))
    return made


def push(batch: CursorBatch, running: list[Case], step: int) -> None:
    taken = [case.event(step) for case in running]
    for case, (event, role, is_echoed) in zip(running, taken, strict=True):
        case.cursor.push(event, role, is_echoed=is_echoed)
    events, roles, echoed = (np.array(each) for each in zip(*taken, strict=True))
    batch.push(events.astype(np.int64), roles.astype(np.int64), echoed)


def assert_equal(batch: CursorBatch, running: list[Case]) -> None:
    for row, case in enumerate(running):
        assert batch.values[row].tolist() == case.cursor.values().tolist()
        assert batch.echoes[row].reshape(-1, 4).tolist() == case.cursor.echoes().tolist()


def test_every_row_has_the_inputs_of_its_own_cursor(make_piece: MakePiece) -> None:
    running = cases(make_piece)
    batch = CursorBatch(10)
    for row, case in enumerate(running):
        batch.reset(row, case.total_bars, case.conditions, case.gaps)
    for step in range(max(len(case.rows) for case in running)):
        push(batch, running, step)
        assert_equal(batch, running)


def test_rows_can_be_moved_and_used_again(make_piece: MakePiece) -> None:
    first, second, third = cases(make_piece)[1:4]
    batch = CursorBatch(3)
    for row, case in enumerate((first, second, third)):
        batch.reset(row, case.total_bars, case.conditions, case.gaps)
    for step in range(60):
        push(batch, [first, second, third], step)
    batch.move(2, 0)
    for step in range(60, 90):
        push(batch, [third, second], step)
        assert_equal(batch, [third, second])
    [again, *_] = cases(make_piece)
    batch.reset(1, again.total_bars, again.conditions, again.gaps)
    for step in range(90):
        event, role, is_echoed = third.event(90 + step)
        third.cursor.push(event, role, is_echoed=is_echoed)
        other, other_role, is_other_echoed = again.event(step)
        again.cursor.push(other, other_role, is_echoed=is_other_echoed)
        batch.push(np.array([event, other]), np.array([role, other_role]), np.array([is_echoed, is_other_echoed]))
        assert_equal(batch, [third, again])


@pytest.mark.parametrize("max_bar_events", [6, 400])
def test_every_row_has_the_masks_and_histories_of_its_own(make_piece: MakePiece, max_bar_events: int) -> None:
    running = cases(make_piece)
    batch = CursorBatch(len(running))
    grammar = GrammarBatch(batch, len(running))
    random = np.random.default_rng(0)
    for row, case in enumerate(running):
        case.rules = Rules(case.rules.parts, case.rules.meter, None, case.rules.lowest, 100, max_bar_events, 7 * row)
        batch.reset(row, case.total_bars, case.conditions, case.gaps)
        grammar.reset(row, case.rules)
    assert grammar.slots(np.zeros(len(running), np.int64)).sum() == len(running)
    plain = [Grammar(case.rules) for case in running]
    for step in range(300):
        push(batch, running, step)
        bar_events = np.array([case.cursor._events % 8 for case in running])
        cursors = [case.cursor for case in running]
        slots = grammar.slots(bar_events)
        expected = [one.slots(*each) for one, *each in zip(plain, cursors, bar_events.tolist(), strict=True)]
        assert np.array_equal(slots, expected)
        slot = np.array([random.choice(np.flatnonzero(mask)) for mask in slots])
        parts = grammar.parts(slot)
        expected = [one.parts(*each) for one, *each in zip(plain, cursors, slot.tolist(), strict=True)]
        assert np.array_equal(parts, expected)
        part = np.array([random.choice(np.flatnonzero(mask)) for mask in parts])
        histories = batch.histories(slot, part)
        is_note = (slot < BAR).tolist()
        expected = [
            cursor.history(of - PART_OFFSET, at) if note else NO_HISTORY
            for cursor, at, of, note in zip(cursors, slot.tolist(), part.tolist(), is_note, strict=True)
        ]
        assert np.array_equal(histories, expected)
        pitches = grammar.pitches(slot, part)
        expected = [one.pitches(*each) for one, *each in zip(plain, cursors, slot.tolist(), part.tolist(), strict=True)]
        assert np.array_equal(pitches, expected)
        for column in (3, 4):
            expected = [Grammar.details(column, at) for at in slot.tolist()]
            assert np.array_equal(grammar.details(column, slot), expected)
