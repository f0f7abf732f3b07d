import numpy as np
import pytest
from euterpe_music.measures import longest_run, measure, polyphony, repetitions, scale_score
from euterpe_music.piece import NOTE_DTYPE, Piece, Tempo, Track, make_notes


@pytest.mark.parametrize("root", range(12))
def test_every_scale_over_every_root_is_found(root: int) -> None:
    for steps in ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 11)):
        assert scale_score(np.array([48 + root + step for step in steps])) == 1.0


def test_a_chromatic_run_is_seven_twelfths_in_scale() -> None:
    assert scale_score(np.arange(60, 72)) == pytest.approx(7 / 12)


def test_polyphony_counts_notes_that_begin_together() -> None:
    assert polyphony(np.array([0, 0, 0, 5, 6])) == pytest.approx(3 / 5)
    assert polyphony(np.array([1, 2, 3])) == 0.0


def test_repetitions_are_ngrams_heard_before() -> None:
    assert repetitions(np.array([1, 2, 1, 2, 1]))[2] == pytest.approx(2 / 4)
    assert repetitions(np.array([1, 2, 3]))[4] == 0.0


def test_the_longest_run_shows_a_stuck_note() -> None:
    assert longest_run(np.array([1, 2, 2, 2, 1])) == 3
    assert longest_run(np.array([7])) == 1


def test_measures_of_a_known_piece() -> None:
    notes = make_notes([96, 96, 192, 288], [96, 192, 96, 192], [60, 64, 62, 72], [10, 30, 20, 40])
    found = measure(Piece(96, notes, (Track(),), (Tempo(0, 60.0),)))
    assert (found.notes, found.tone_span, found.unique_pitches, found.velocity_span) == (4, 12, 4, 30)
    assert (found.lowest_pitch, found.highest_pitch, found.unique_durations, found.longest_run) == (60, 72, 2, 1)
    assert found.duration_seconds == 5.0
    assert found.notes_per_second == pytest.approx(1.0)
    assert found.notes_per_quarter == pytest.approx(1.0)
    assert found.polyphony == 0.5
    assert found.scale_score == 1.0
    assert found.mean_duration_quarters == 1.5


def test_a_piece_without_notes_has_zeros() -> None:
    assert measure(Piece(96, np.empty(0, NOTE_DTYPE))).to_dict()["notes"] == 0
