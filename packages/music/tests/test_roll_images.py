import numpy as np
from euterpe_music.piece import Piece, Track, make_notes
from euterpe_music.roll_images import roll_images

QUARTER = 480


def test_a_note_is_white_where_it_begins_and_grey_while_it_lasts() -> None:
    piece = Piece(QUARTER, make_notes([480, 960], [480, 120], [60, 64], 90))
    (image,) = roll_images(piece, size=16)
    # Middle C is eight semitones over the lowest row; the first onset is in the first column.
    row_c, row_e = 15 - 8, 15 - 12
    assert image[row_c, :5].tolist() == [255, 128, 128, 128, 0]
    assert image[row_e, 3:6].tolist() == [0, 255, 0]
    assert np.count_nonzero(image) == 5


def test_repeated_notes_can_be_told_from_a_long_one() -> None:
    piece = Piece(QUARTER, make_notes([0, 240], 240, 60, 90))
    assert roll_images(piece, size=16)[0, 7, :5].tolist() == [255, 128, 255, 128, 0]


def test_windows_follow_one_another_and_a_scrap_is_dropped() -> None:
    onsets = np.arange(4 * 16 + 4) * 120
    piece = Piece(QUARTER, make_notes(onsets, 120, 55 + np.arange(len(onsets)) % 8, 90))
    images = roll_images(piece, size=16)
    assert images.shape == (4, 16, 16)
    assert (np.count_nonzero(images, axis=(1, 2)) == 16).all()
    some = roll_images(piece, size=16, most=2)
    assert np.array_equal(some, images[[0, 3]])


def test_drums_and_pitches_outside_are_left_out() -> None:
    notes = make_notes([0, 0, 0], 480, [36, 60, 127], 90, [0, 1, 1])
    piece = Piece(QUARTER, notes, (Track(0, is_drum=True), Track(0)))
    images = roll_images(piece, size=64)
    assert np.count_nonzero(images.any(axis=2)) == 1
    drums = Piece(QUARTER, make_notes([0], 480, 60, 90), (Track(0, is_drum=True),))
    assert roll_images(drums).shape == (0, 64, 64)
