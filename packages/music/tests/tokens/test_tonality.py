import numpy as np
import pytest
from euterpe_music.tokens.tonality import key_shift, white_key_shift
from euterpe_music.tonics import TONICS


def test_a_scale_goes_to_the_white_keys_and_back() -> None:
    for place, tonic in enumerate(TONICS):
        scale = np.array([0, 2, 4, 5, 7, 9, 11]) + 60 + place
        shift = white_key_shift(scale, np.ones(7))
        assert not {*((scale + shift) % 12).tolist()} & {1, 3, 6, 8, 10}
        assert (shift + key_shift(f"{tonic} major")) % 12 == 0
        assert -6 <= key_shift(f"{tonic} minor") <= 5


def test_minor_keys_are_told_from_a_minor() -> None:
    assert [key_shift(key) for key in ("C major", "A minor", "B minor", "D major", "G minor")] == [0, 0, 2, 2, -2]
    with pytest.raises(ValueError, match="not a key"):
        key_shift("H dur")
