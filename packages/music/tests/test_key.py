"""Keys of pieces whose key is known."""

import numpy as np
import pytest
from euterpe_music.key import KEYS, estimate_key, key_profile, rate_keys
from euterpe_music.piece import Piece, Track, make_notes
from euterpe_music.tonics import TONICS

MAJOR = (0, 4, 7, 0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0)
HARMONIC_MINOR = (0, 3, 7, 0, 2, 3, 5, 7, 8, 11, 12, 7, 3, 0)


def melody(steps: tuple[int, ...], tonic: int) -> Piece:
    pitches = np.array(steps) + 60 + tonic
    return Piece(480, make_notes(np.arange(len(steps)) * 240, 240, pitches, 80))


@pytest.mark.parametrize("tonic", range(12))
def test_a_tune_in_every_key_is_heard_in_it(tonic: int) -> None:
    assert estimate_key(melody(MAJOR, tonic)) == f"{TONICS[tonic]} major"
    assert estimate_key(melody(HARMONIC_MINOR, tonic)) == f"{TONICS[tonic]} minor"


def test_the_profile_of_a_key_fits_that_key_best() -> None:
    for number, key in enumerate(KEYS):
        assert int(rate_keys(key_profile(key)).argmax()) == number


def test_drums_have_no_key() -> None:
    drums = Piece(480, make_notes([0, 240], 240, [36, 38], 90), (Track(0, is_drum=True),))
    assert estimate_key(drums) is None


def test_all_pitch_classes_alike_are_no_key() -> None:
    assert estimate_key(Piece(480, make_notes(np.arange(12) * 240, 240, np.arange(60, 72), 80))) is None
