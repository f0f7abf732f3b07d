import numpy as np
import pytest
from euterpe_music.key_signature import KeySignature
from euterpe_music.tokens.conditioning import MAJOR, MINOR, OTHER_MODE
from euterpe_music.tokens.tonality import key_shift, tonic_shift, white_key_shift
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


@pytest.mark.parametrize(
    ("tonic", "scale", "stated", "expected"),
    [
        (7, (0, 2, 4, 5, 7, 9, 11), "G major", (0, MAJOR)),
        (2, (0, 2, 3, 5, 7, 8, 10), "D minor", (9, MINOR)),
        # Without a fourth and a seventh degree, two keys have all notes; the stated one decides.
        (7, (0, 2, 4, 7, 9), "G major", (0, MAJOR)),
        (2, (0, 2, 3, 5, 7, 9, 10), "D minor", (2, OTHER_MODE)),
        (0, (0, 2, 4, 5, 7, 9, 11), "Eb minor", (0, OTHER_MODE)),
    ],
)
def test_a_stated_key_gives_tonic_and_mode_where_the_notes_agree(
    tonic: int, scale: tuple[int, ...], stated: str, expected: tuple[int, int]
) -> None:
    pitches = 60 + tonic + np.array(scale)
    shift, mode = tonic_shift(pitches, np.ones(len(pitches)), KeySignature.parse(stated))
    assert ((tonic + shift) % 12, mode) == expected
