import numpy as np
import pytest
from euterpe_music.key import KEYS
from euterpe_music.note_events.common_key import common_key_shift, key_shift, moved_key, moved_pitches
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece
from euterpe_music.note_events.spec import NO_CHORD, UNKNOWN_KEY


def _piece(pitches: list[int], keys: list[int], part: int = 40) -> NotePiece:
    notes, bars = np.zeros(len(pitches), NOTE), np.zeros(len(keys), BAR_INFO)
    notes["pitch"], notes["part"], bars["key"], bars["chord"] = pitches, part, keys, NO_CHORD
    return NotePiece(notes, bars)


@pytest.mark.parametrize("number", range(24))
def test_every_key_goes_to_c_major_or_a_minor(number: int) -> None:
    shift = key_shift(number)
    assert -6 <= shift <= 5
    assert KEYS[moved_key(number, shift)] == ("C major" if number < 12 else "A minor")


def test_the_key_of_most_bars_decides_and_else_the_notes() -> None:
    d_major, b_minor = KEYS.index("D major"), KEYS.index("B minor")
    assert common_key_shift(_piece([62], [d_major, d_major, 0])) == -2
    assert common_key_shift(_piece([62], [UNKNOWN_KEY, b_minor])) == -2
    scale = [62, 64, 66, 67, 69, 71, 73]
    assert common_key_shift(_piece(scale, [UNKNOWN_KEY])) == -2
    assert common_key_shift(_piece([], [d_major])) == 0
    assert common_key_shift(_piece([35], [d_major], DRUM_PART)) == 0


def test_pitches_stay_in_range() -> None:
    d_major = KEYS.index("D major")
    assert common_key_shift(_piece([21, 60], [d_major]), 21, 108) == 10
    assert common_key_shift(_piece([0, 127], [d_major])) == 0
    notes = _piece([126, 1, 60], [0]).notes
    notes["part"][2] = DRUM_PART
    assert moved_pitches(notes, 5)["pitch"].tolist() == [119, 6, 60]
    assert moved_pitches(notes, -5)["pitch"].tolist() == [121, 8, 60]
