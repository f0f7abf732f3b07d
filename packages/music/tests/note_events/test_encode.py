from collections.abc import Callable

import numpy as np
import pytest
import symusic
from euterpe_music.note_events.decode import decode
from euterpe_music.note_events.encode import encode, metric_alignment
from euterpe_music.note_events.instruments import DRUM_PART, part_name
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import LENGTHS, METERS, TEMPI


def _score(
    *tracks: tuple[int, list[tuple[float, float, int]]], meters: list[tuple[float, int, int]] | None = None
) -> symusic.Score:
    score = symusic.Score(480)
    for time, count, unit in meters or []:
        score.time_signatures.append(symusic.TimeSignature(round(time * 480), count, unit))
    for program, notes in tracks:
        track = symusic.Track(program=program)
        for onset, length, pitch in notes:
            track.notes.append(symusic.Note(round(onset * 480), round(length * 480), pitch, 80))
        score.tracks.append(track)
    return score


def _placed(piece: NotePiece) -> list[tuple[int, int, int]]:
    return [(int(note["bar"]), int(note["position"]), int(note["pitch"])) for note in piece.notes]


@pytest.mark.parametrize("seed", range(6))
def test_a_quantised_piece_survives_midi_unchanged(make_piece: Callable[[int], NotePiece], seed: int) -> None:
    piece = encode(decode(make_piece(seed)))
    again = encode(decode(piece))
    assert (again.notes == piece.notes).all()
    assert (again.bars["meter"] == piece.bars["meter"]).all()
    assert (again.bars["tempo"] == piece.bars["tempo"]).all()


def test_notes_fall_into_the_bars_of_their_meters() -> None:
    score = _score((0, [(0, 1, 60), (3, 1, 62), (6, 1.5, 64), (7.5, 1.5, 65)]), meters=[(0, 3, 4), (6, 6, 8)])
    piece = encode(score)
    assert _placed(piece) == [(0, 0, 60), (1, 0, 62), (2, 0, 64), (2, 36, 65)]
    assert [METERS[meter] for meter in piece.bars["meter"]] == [(3, 4), (3, 4), (6, 8)]


def test_a_short_first_bar_is_a_pickup_at_the_end_of_a_whole_bar() -> None:
    piece = encode(_score((0, [(0, 1, 60), (1, 4, 62), (5, 4, 64)]), meters=[(0, 1, 4), (1, 4, 4)]))
    assert _placed(piece) == [(0, 72, 60), (1, 0, 62), (2, 0, 64)]
    assert [METERS[meter] for meter in piece.bars["meter"]] == [(4, 4)] * 3


def test_a_stated_pickup_moves_the_bars() -> None:
    piece = encode(_score((0, [(0, 1, 60), (1, 3, 62), (4, 3, 64)]), meters=[(0, 3, 4)]), pickup_ticks=24)
    assert _placed(piece) == [(0, 48, 60), (1, 0, 62), (2, 0, 64)]


def test_empty_bars_at_both_ends_are_removed_and_those_between_kept() -> None:
    piece = encode(_score((0, [(8, 1, 60), (16, 1, 62)])))
    assert _placed(piece) == [(0, 0, 60), (2, 0, 62)]
    assert len(piece.bars) == 3


def test_onsets_just_before_a_bar_line_belong_to_the_next_bar() -> None:
    piece = encode(_score((0, [(0, 1, 60), (3.99, 1, 62)])))
    assert _placed(piece)[1] == (1, 0, 62)


def test_a_bar_longer_than_the_longest_is_divided() -> None:
    piece = encode(_score((0, [(0, 1, 60), (12, 1, 62)]), meters=[(0, 12, 4)]))
    assert [METERS[meter] for meter in piece.bars["meter"]] == [(6, 4), (6, 4), (6, 4)]
    assert _placed(piece) == [(0, 0, 60), (2, 0, 62)]


def test_tracks_of_one_instrument_become_parts_from_high_to_low() -> None:
    piece = encode(_score((40, [(0, 1, 60)]), (40, [(0, 1, 80)]), (0, [(0, 1, 50)]), (0, [(1, 1, 40)])))
    names = {int(note["pitch"]): part_name(note["part"]) for note in piece.notes}
    assert names == {80: "violin 1", 60: "violin 2", 50: "piano", 40: "piano"}


def test_notes_end_where_the_next_of_their_pitch_begins() -> None:
    piece = encode(_score((0, [(0, 4, 60), (1, 1, 60), (0, 4, 64)])))
    assert LENGTHS[piece.notes["length"]].tolist() == [96, 24, 24]


def test_equal_notes_are_written_once_with_the_longer_length() -> None:
    piece = encode(_score((0, [(0, 1, 60)]), (0, [(0, 2, 60)])))
    assert len(piece.notes) == 1
    assert LENGTHS[piece.notes["length"][0]] == 48


def test_drums_keep_their_keys() -> None:
    score = _score((0, [(0, 1, 36), (1, 1, 120)]))
    score.tracks[0].is_drum = True
    piece = encode(score)
    assert [(int(note["part"]), int(note["pitch"])) for note in piece.notes] == [(DRUM_PART, 36)]


def test_the_tempo_of_a_bar_is_its_mean() -> None:
    score = _score((0, [(0, 1, 60), (4, 1, 60)]))
    score.tempos.append(symusic.Tempo(0, 60))
    score.tempos.append(symusic.Tempo(960, 120))
    piece = encode(score)
    assert TEMPI[piece.bars["tempo"][0]] == pytest.approx(80, rel=0.04)
    assert TEMPI[piece.bars["tempo"][1]] == pytest.approx(120, rel=0.04)


def test_played_music_is_put_on_the_coarser_grid() -> None:
    generator = np.random.default_rng(0)
    onsets = np.arange(64) / 4 + generator.normal(0, 0.02, 64)
    piece = encode(_score((0, [(max(onset, 0), 0.2, 60 + number % 12) for number, onset in enumerate(onsets)])))
    assert (piece.notes["position"] % 2 == 0).all()


def test_a_score_without_notes_is_refused() -> None:
    with pytest.raises(ValueError, match="no notes"):
        encode(_score((0, [])))


def test_alignment_separates_metered_from_free_music() -> None:
    generator = np.random.default_rng(0)
    free = [(float(onset), 0.2, 60) for onset in generator.uniform(0, 100, 400)]
    strict = [(number / 4, 0.2, 60) for number in range(400)]
    assert metric_alignment(_score((0, strict))) == 1.0
    assert metric_alignment(_score((0, free))) < 0.35
