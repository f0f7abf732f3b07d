from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from euterpe_music.loops import Loop, find_loop
from euterpe_music.measures import entropy, measure
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.piece import Piece, Track, make_notes
from hypothesis import given, settings
from hypothesis import strategies as st

QUARTER = 4


def melody(pitches: Any, step: int = QUARTER) -> Piece:
    """Notes of a quarter, one after the other."""
    return Piece(QUARTER, make_notes(np.arange(len(pitches)) * step, step, pitches, 80))


def test_a_loop_is_found_where_it_begins() -> None:
    beginning = [60, 62, 64, 65, 67, 69, 71, 72]
    loop = [60, 64, 67, 64, 60, 65, 69, 65]
    assert find_loop(melody(beginning + loop * 4)) == Loop(start_bar=3, period_bars=2.0)
    measured = measure(melody(beginning + loop * 4))
    assert (measured.loop_start_bar, measured.loop_period_bars) == (3, 2.0)


def test_a_piece_that_is_left_from_its_loop_has_none() -> None:
    assert find_loop(melody([60, 64, 67, 64] * 5 + [72, 71, 69])) is None


@pytest.mark.parametrize("times", [1, 2])
def test_to_repeat_once_is_no_loop(times: int) -> None:
    assert find_loop(melody([60, 62, 64, 65, 67, 69, 71, 72] * times)) is None


def test_the_last_note_may_be_cut_off() -> None:
    piece = melody([60, 64, 67, 64] * 5)
    notes = piece.notes.copy()
    notes["duration"][-1] = 1
    assert find_loop(piece.with_notes(notes)) == Loop(1, 1.0)


def test_one_note_for_ever_is_a_loop() -> None:
    assert find_loop(melody([60, 62] + [64] * 10)) == Loop(1, 0.25)


def test_both_tracks_have_to_repeat_themselves() -> None:
    loop, free = melody([60, 64, 67, 64] * 5), melody(range(40, 60))
    second = free.notes.copy()
    second["track"] = 1
    both = Piece(QUARTER, np.concatenate([loop.notes, second]), (Track(), Track()))
    assert find_loop(both) is None


@settings(deadline=None)
@given(
    st.lists(st.integers(40, 80), max_size=6), st.lists(st.integers(40, 80), min_size=1, max_size=6), st.integers(4, 6)
)
def test_what_repeats_up_to_the_end_is_always_found(beginning: list[int], loop: list[int], times: int) -> None:
    found = find_loop(melody(beginning + loop * times))
    assert found is not None
    assert found.start_bar <= len(beginning) // 4 + 1


def test_a_piece_of_nothing_has_no_loop() -> None:
    assert find_loop(melody([])) is None
    assert find_loop(melody([60])) is None


def test_entropy_counts_bits() -> None:
    assert entropy(np.array([60, 62, 64, 65])) == 2.0
    assert entropy(np.array([60, 60])) == 0.0


def test_a_held_note_and_a_silence_of_more_than_two_bars_are_loops() -> None:
    held = Piece(QUARTER, make_notes([0, 4, 8, 48], [4, 4, 40, 4], [60, 62, 64, 60], 80))
    assert find_loop(held) == Loop(1, 0.0, "held")
    silent = Piece(QUARTER, make_notes([0, 16, 20, 60, 64], 4, [60, 62, 64, 60, 67], 80))
    assert find_loop(silent) == Loop(2, 0.0, "silent")
    assert measure(held).loop_start_bar == 1


def test_bars_are_those_of_the_meter() -> None:
    waltz = replace(melody([60, 62, 64] + [60, 64, 67] * 4 + [72]), meters=(MeterChange(0, Meter(3, 4)),))
    assert find_loop(waltz) == Loop(2, 1.0)


def test_a_figure_that_is_left_after_eight_bars_is_a_loop() -> None:
    assert find_loop(melody([72, 71] + [60, 64, 67, 64] * 9 + [72, 71, 69, 62, 61])) == Loop(1, 1.0)
