import numpy as np
from euterpe_music.note_columns import NoteColumns
from euterpe_music.piece import Piece, make_notes
from euterpe_music.preprocessing import correct_errors, normalize_data, remove_noise

NOTES = NoteColumns.of(Piece(480, make_notes([0, 1, 2, 3], 10, [5, 60, 72, 120], [127, 12, 13, 64])))


def test_velocities_are_scaled_to_one() -> None:
    assert np.allclose(normalize_data(NOTES), [1.0, 12 / 127, 13 / 127, 64 / 127])


def test_notes_under_the_threshold_go() -> None:
    assert remove_noise(NOTES).velocity.tolist() == [127, 13, 64]
    assert remove_noise(NOTES, threshold=0.2).velocity.tolist() == [127, 64]


def test_pitches_are_clamped_to_the_piano() -> None:
    assert correct_errors(NOTES).pitch.tolist() == [21, 60, 72, 108]


def test_the_steps_leave_their_input_alone() -> None:
    done = correct_errors(remove_noise(NOTES))
    assert (done.pitch.tolist(), done.velocity.tolist()) == ([21, 72, 108], [127, 13, 64])
    assert NOTES.pitch.tolist() == [5, 60, 72, 120]
