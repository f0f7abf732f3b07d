import pytest
from euterpe_music.piece import Piece, Tempo, Track, make_notes
from euterpe_music.postprocessing import apply_postprocessing

PIECE = Piece(480, make_notes([0, 480, 960], 240, [60, 126, 36], 80, [0, 1, 2]), (Track(), Track(), Track(0, True)))


def test_instruments_go_to_their_tracks_and_leave_drums_alone() -> None:
    changed = apply_postprocessing(
        PIECE, {"instrument": "harp", "melody_instrument": "flute", "accompaniment_instrument": 24}
    )
    assert changed.tracks == (Track(73), Track(24), Track(0, True))
    assert apply_postprocessing(PIECE, {"instrument": "harp"}).tracks == (Track(46), Track(46), Track(0, True))


def test_the_tempo_is_the_only_one() -> None:
    changed = apply_postprocessing(PIECE, {"tempo": 60.0})
    assert changed.tempos == (Tempo(0, 60.0),)
    assert changed.duration_seconds == PIECE.duration_seconds * 2


@pytest.mark.parametrize(("semitones", "expected"), [(3, [63, 117, 36]), (-7, [53, 119, 36])])
def test_transposing_moves_all_but_drums_and_stays_within_midi(semitones: int, expected: list[int]) -> None:
    assert apply_postprocessing(PIECE, {"transpose": semitones}).notes["pitch"].tolist() == expected


def test_nothing_set_nothing_changed() -> None:
    assert apply_postprocessing(PIECE, {"density": 0.3, "transpose": 0}) == PIECE
