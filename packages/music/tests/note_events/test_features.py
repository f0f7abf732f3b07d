from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from euterpe_music.note_events.arrange import COMPOSED, FUTURE, GIVEN, Gap, Rows, arrange
from euterpe_music.note_events.event import note_of
from euterpe_music.note_events.features import (
    ABSENT,
    BAR_CONDITIONS,
    FEATURE_NAMES,
    FEATURE_SIZES,
    INDEX,
    Known,
    bar_conditions,
    features,
    part_set,
)
from euterpe_music.note_events.instruments import PART_COUNT
from euterpe_music.note_events.part_history import (
    LONGER_AGO,
    NO_HISTORY,
    PREVIOUS_BAR,
    SAME_BAR,
    SAME_ONSET,
    part_histories,
)
from euterpe_music.note_events.piece import NotePiece, canonical
from euterpe_music.note_events.spec import BAR, END, PART_OFFSET
from euterpe_test_kit.note_cursor import Cursor

MakePiece = Callable[..., NotePiece]
OPEN = Known(left=False)


def _melody(make_piece: MakePiece, pitches: list[list[int]]) -> NotePiece:
    """Return bars of quarter notes for one part."""
    piece = make_piece(0, len(pitches))
    piece.bars["meter"] = 3
    notes = np.concatenate([np.repeat(piece.notes[:1], len(bar)) for bar in pitches])
    notes["bar"] = np.repeat(range(len(pitches)), [len(bar) for bar in pitches])
    notes["position"] = np.concatenate([np.arange(len(bar)) * 24 for bar in pitches])
    notes["pitch"] = np.concatenate(pitches)
    notes["part"] = 50
    return piece.with_notes(canonical(notes))


def test_plain_rows_are_bar_lines_and_notes_in_order_and_an_end(make_piece: MakePiece) -> None:
    piece = make_piece(1)
    rows = arrange(piece)
    assert len(rows) == len(piece.notes) + len(piece.bars) + 1
    assert rows.columns[-1, 0] == END
    assert rows.notes[rows.notes >= 0].tolist() == list(range(len(piece.notes)))
    assert (rows.columns[:, 0] == BAR).sum() == len(piece.bars)
    assert (rows.roles == COMPOSED).all()


def test_given_notes_come_before_composed_ones_in_each_bar(make_piece: MakePiece) -> None:
    piece = make_piece(2)
    given = piece.notes["part"] == 40
    rows = arrange(piece, given=given)
    for bar in range(len(piece.bars)):
        roles = rows.roles[(rows.bars == bar) & (rows.notes >= 0)]
        assert (np.diff(roles == COMPOSED) >= 0).all()
        assert (roles == GIVEN).sum() == (given & (piece.notes["bar"] == bar)).sum()


def test_a_gap_opens_with_the_bars_behind_it_and_those_are_then_fixed(make_piece: MakePiece) -> None:
    piece = make_piece(3)
    rows = arrange(piece, gaps=[Gap(5, 7, 2)])
    first = int(np.flatnonzero((rows.columns[:, 0] == BAR) & (rows.bars == 5) & (rows.roles == COMPOSED))[0])
    ahead = piece.notes[(piece.notes["bar"] == 7) | (piece.notes["bar"] == 8)]
    shown = rows.roles[first + 1 : first + 1 + len(ahead) + 2]
    assert set(shown.tolist()) == {FUTURE, FUTURE + 1}
    assert rows.roles[first + 1 + len(ahead) + 2] == COMPOSED
    locked = (rows.bars >= 7) & (rows.bars < 9) & (rows.notes >= 0)
    assert (rows.roles[locked] == GIVEN).all()
    lines = {int(bar): int(role) for bar, role, slot in zip(rows.bars, rows.roles, rows.columns[:, 0], strict=True) if slot == BAR and role < FUTURE}  # fmt: skip  # noqa: E501
    assert (lines[7], lines[8], lines[9], lines[10]) == (COMPOSED, GIVEN, GIVEN, COMPOSED)


def test_inputs_know_nothing_of_what_follows(make_piece: MakePiece) -> None:
    piece = make_piece(4)
    rows = arrange(piece)
    inputs = features(piece, rows, known=OPEN)
    for stop in range(1, len(piece.notes), 7):
        cut = replace(piece, notes=piece.notes[:stop])
        part = arrange(cut)
        partial = features(cut, part, known=OPEN)
        last = int(np.flatnonzero(rows.notes == stop - 1)[0]) + 1
        assert (partial.values[:last] == inputs.values[:last]).all()
        assert (partial.echoes[:last] == inputs.echoes[:last]).all()


def test_echoes_show_the_event_that_followed_one_bar_before(make_piece: MakePiece) -> None:
    piece = _melody(make_piece, [[60, 62, 64], [60, 62, 64], [60, 61]])
    rows = arrange(piece)
    echoes = features(piece, rows, known=OPEN).echoes[:, 0]
    second_bar = np.flatnonzero(rows.bars == 1)
    assert [int(pitch) - 1 for pitch in echoes[second_bar[:3], 2]] == [60, 62, 64]
    assert echoes[second_bar[3], 0] == BAR
    assert (echoes[rows.bars == 0, 0] == ABSENT).all()


def test_matches_count_how_long_a_repetition_lasts(make_piece: MakePiece) -> None:
    piece = _melody(make_piece, [[60, 62, 64], [60, 62, 64], [60, 61]])
    rows = arrange(piece)
    counts = features(piece, rows, known=OPEN).values[:, INDEX["match_1"]]
    assert counts[rows.bars == 1].tolist() == [0, 1, 2, 3]
    assert counts[rows.bars == 2].tolist() == [4, 5, 0, 0]


def test_notes_that_are_not_composed_are_not_echoed(make_piece: MakePiece) -> None:
    piece = make_piece(5)
    pool = piece.notes["part"] != 40
    rows = arrange(piece, given=~pool)
    parts = features(piece, rows, known=OPEN, pool=pool).echoes[..., 1]
    assert 41 not in parts
    assert 51 in parts


def test_unknown_conditions_say_nothing(make_piece: MakePiece) -> None:
    piece = make_piece(6)
    rows = arrange(piece)
    hidden = features(piece, rows, known=OPEN).values
    known = features(piece, rows, known=Known(True, frozenset(BAR_CONDITIONS))).values
    assert (hidden[:, INDEX["left"]] == 0).all()
    assert (hidden[:, [INDEX["density"], INDEX["polyphony"], INDEX["low"], INDEX["high"]]] == 0).all()
    assert (known[:, INDEX["left"]] > 0).all()
    assert (known[:, INDEX["density"]] > 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_all_inputs_are_indices_of_their_embeddings(make_piece: MakePiece, seed: int) -> None:
    piece = make_piece(seed, 40)
    rows = arrange(piece, gaps=[Gap(3, 9, 4)])
    values = features(piece, rows, known=Known(True, frozenset(BAR_CONDITIONS)), gaps=(Gap(3, 9, 4),)).values
    for number, (name, size) in enumerate(zip(FEATURE_NAMES, FEATURE_SIZES, strict=True)):
        assert 0 <= values[:, number].min() <= values[:, number].max() < size, name


@pytest.mark.parametrize("mode", ["plain", "accompany", "infill", "infill a part"])
@pytest.mark.parametrize("seed", range(3))
def test_a_cursor_computes_the_same_inputs_step_by_step(make_piece: MakePiece, mode: str, seed: int) -> None:
    piece = make_piece(seed, 24)
    gaps = (Gap(2, 5, 3), Gap(11, 12, 0), Gap(14, 20, 1)) if "infill" in mode else ()
    pool = np.ones(len(piece.notes), dtype=bool) if mode in {"plain", "infill"} else piece.notes["part"] != 40
    in_gaps = np.zeros(len(piece.notes), dtype=bool)
    for gap in gaps:
        in_gaps |= (piece.notes["bar"] >= gap.start) & (piece.notes["bar"] < gap.stop)
    given = ~pool & (in_gaps if gaps else True)
    rows = arrange(piece, given=given, gaps=gaps)
    known = Known(True, frozenset(BAR_CONDITIONS))
    inputs = features(piece, rows, known=known, pool=pool, gaps=gaps, composed=~given)
    table = bar_conditions(piece, ~given)
    cursor = Cursor(len(piece.bars), {name: [int(value) for value in values] for name, values in table.items()})
    histories = part_histories(rows)
    for number, (event, role, note) in enumerate(_steps(rows)):
        cursor.gap = next(
            ((gap.start, gap.stop) for gap in gaps if gap.ahead and gap.start <= rows.bars[number] < gap.stop), None
        )
        cursor.push(event, role, is_echoed=note < 0 or bool(pool[note]))
        expected = dict(zip(FEATURE_NAMES, inputs.values[number].tolist(), strict=True))
        assert dict(zip(FEATURE_NAMES, cursor.values().tolist(), strict=True)) == expected
        assert cursor.echoes().tolist() == inputs.echoes[number].tolist()
        if number + 1 < len(rows) and rows.notes[number + 1] >= 0 and rows.roles[number + 1] == COMPOSED:
            position, part = rows.columns[number + 1, :2].tolist()
            assert cursor.history(part - PART_OFFSET, position) == tuple(histories[number].tolist())
        else:
            assert tuple(histories[number].tolist()) == NO_HISTORY


def test_a_history_is_of_the_next_notes_own_part(make_piece: MakePiece) -> None:
    piece = _melody(make_piece, [[60, 62], [64], [], [65]])
    chord = piece.notes[:1].copy()
    chord["pitch"], chord["velocity"] = 55, 3
    other = piece.notes[:1].copy()
    other["part"], other["pitch"] = 40, 30
    piece = piece.with_notes(canonical(np.concatenate([piece.notes, chord, other])))
    rows = arrange(piece)
    described = part_histories(rows)[np.flatnonzero(rows.notes >= 0) - 1]
    length, velocity = 1 + int(piece.notes["length"][-1]), 1 + int(piece.notes["velocity"][-1])
    # The other part, the chord's two notes from high to low, and the melody.
    assert described.tolist() == [
        list(NO_HISTORY),
        list(NO_HISTORY),
        [61, 0, length, velocity, SAME_ONSET],
        [56, 61, length, 4, SAME_BAR],
        [63, 63, length, velocity, PREVIOUS_BAR],
        [65, 65, length, velocity, LONGER_AGO],
    ]


def _steps(rows: Rows) -> list[tuple[tuple[int, int, int, int, int], int, int]]:
    return [
        (tuple(row), int(role), int(note))
        for row, role, note in zip(rows.columns.tolist(), rows.roles, rows.notes, strict=True)
    ]


def test_a_cursor_refuses_unknown_conditions() -> None:
    with pytest.raises(ValueError, match="got mood"):
        Cursor(8, {"mood": [1]})


def test_events_of_notes_are_read_back(make_piece: MakePiece) -> None:
    piece = make_piece(7)
    rows = arrange(piece)
    for event, _, note in _steps(rows):
        if note >= 0:
            source = piece.notes[note]
            assert note_of(event) == (source["position"], source["part"], source["pitch"])


def test_part_sets_are_padded_and_cut() -> None:
    assert part_set(np.array([3, 5])).tolist()[:3] == [3, 5, PART_COUNT]
    assert len(part_set(np.arange(40))) == 16
