import numpy as np
from euterpe_music.pianoroll import piano_roll
from euterpe_music.piece import Piece, Tempo, Track, make_notes


def test_notes_become_boxes_in_seconds() -> None:
    roll = piano_roll(Piece(96, make_notes([0, 96], [96, 48], [60, 64], [1, 2]), (Track(),), (Tempo(0, 60.0),)))
    assert np.allclose(roll.start, [0, 1])
    assert np.allclose(roll.end, [1, 1.5])
    assert roll.pitch.tolist() == [60, 64]
