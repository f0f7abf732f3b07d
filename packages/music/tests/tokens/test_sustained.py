"""Notes that sound on keep their lengths and registers through encoding and decoding."""

import numpy as np
from euterpe_music.tokens.sustained import decode_sustained, encode_sustained, quantize_sustained
from hypothesis import given
from hypothesis import strategies as st


def test_a_held_bass_is_not_cut_by_the_notes_above_it() -> None:
    notes = quantize_sustained(np.array([0, 1, 1, 2]), np.array([4, 0.5, 0.5, 2]), np.array([36, 64, 60, 60]))
    assert notes.tolist() == [[0, 16, 36], [4, 2, 60], [4, 2, 64], [8, 8, 60]]
    streams = encode_sustained(notes, 16)
    assert streams == (["36", "60", "64", "60"], ["4", "1/2", "1/2", "2"], ["1", "0", "1", "2"])
    decoded, end = decode_sustained(*streams)
    assert (decoded.tolist(), end) == (notes.tolist(), 16)


def test_a_repeated_pitch_ends_the_one_before_and_doubled_notes_are_one() -> None:
    notes = quantize_sustained(np.array([0, 0, 1]), np.array([1, 3, 1]), np.array([60, 60, 60]))
    assert notes.tolist() == [[0, 4, 60], [4, 4, 60]]


def test_long_silences_are_rests() -> None:
    notes = quantize_sustained(np.array([20.0]), np.array([99.0]), np.array([60]))
    streams = encode_sustained(notes, 200)
    assert streams[0] == ["r", "r", "r", "60", "r", "r", "r"]
    decoded, end = decode_sustained(*streams)
    assert (decoded.tolist(), end) == ([[80, 64, 60]], 200)
    assert encode_sustained(notes[:0], 0) == ([], [], [])


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 90), st.integers(0, 127)), max_size=40))
def test_the_round_trip_loses_nothing_of_the_grid(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows, np.float64).reshape(-1, 3)
    notes = quantize_sustained(table[:, 0] / 4, table[:, 1] / 4, table[:, 2])
    end = 256
    decoded, found = decode_sustained(*encode_sustained(notes, end))
    assert (decoded.tolist(), found) == (notes.tolist(), end)
    assert {(onset, pitch) for onset, _, pitch in rows} == {(onset, pitch) for onset, _, pitch in decoded.tolist()}
