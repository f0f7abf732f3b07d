import numpy as np
from euterpe_music.note_columns import NoteColumns, sorted_columns
from euterpe_music.piece import NOTE_DTYPE, Piece, make_notes
from hypothesis import given
from hypothesis import strategies as st

rows = st.lists(st.tuples(*[st.integers(0, 9)] * 3), max_size=40)


@given(rows, st.sampled_from([1, 10**9, 10**17]))
def test_columns_are_sorted_like_rows_however_wide_they_are(values: list[tuple[int, ...]], scale: int) -> None:
    columns = list(np.array(values, np.int64).reshape(-1, 3).T * scale)
    expected = sorted(tuple(scale * value for value in row) for row in values)
    assert list(zip(*(column.tolist() for column in sorted_columns(columns)), strict=True)) == expected


def test_negative_numbers_are_sorted_too() -> None:
    assert [column.tolist() for column in sorted_columns([np.array([1, -1, 1]), np.array([0, 5, -2])])] == [
        [-1, 1, 1],
        [5, -2, 0],
    ]


def test_pieces_keep_their_numbers_also_when_some_have_no_notes() -> None:
    notes = make_notes([96, 0], [96, 24], 60, 64)
    pieces = NoteColumns.join([np.zeros(0, NOTE_DTYPE), notes, np.zeros(0, NOTE_DTYPE), notes[:1]], [96, 96, 96, 480])
    assert pieces.offsets.tolist() == [0, 0, 2, 2, 3]
    assert pieces.end_ticks.tolist() == [0, 192, 0, 192]
    assert pieces.in_order().onset.tolist() == [0, 96, 96]
    assert pieces.rescaled(96).onset.tolist() == [96, 0, 19]


def test_a_single_piece_is_rescaled_as_pieces_are() -> None:
    piece = Piece(480, make_notes(np.arange(9) * 7, 1, 60, 64))
    alone, column = piece.rescaled(96).notes, NoteColumns.of(piece).rescaled(96)
    assert np.array_equal(alone["onset"], column.onset)
    assert np.array_equal(alone["duration"], column.duration)
