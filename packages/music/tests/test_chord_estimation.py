"""Chords of pieces."""

from euterpe_music.chord_estimation import ChordMark, chord_marks
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.note_events.chords import parse_chord
from euterpe_music.piece import Piece, Track, make_notes


def chords(*bars: list[int], bar: int = 1920) -> list[tuple[int, int, int]]:
    return [(number * bar, bar, pitch) for number, pitches in enumerate(bars) for pitch in pitches]


def piece(rows: list[tuple[int, int, int]], **more: object) -> Piece:
    onsets, durations, pitches = zip(*rows, strict=True)
    return Piece(480, make_notes(onsets, durations, pitches, 80), **more)  # type: ignore[arg-type]


def test_each_bar_has_a_mark_and_a_change_within_a_bar_another() -> None:
    rows = chords([57, 60, 64], [53, 57, 60])
    rows += [(3840, 960, 60), (3840, 960, 64), (3840, 960, 67), (4800, 960, 55), (4800, 960, 59), (4800, 960, 62)]
    marks = chord_marks(piece(rows))
    assert marks == [ChordMark(0, "Am"), ChordMark(1920, "F"), ChordMark(3840, "C"), ChordMark(4800, "G")]


def test_symbols_are_those_that_progressions_are_read_from() -> None:
    """Roots are spelled as the key signature spells them."""
    rows = chords([58, 62, 65], [55, 58, 62, 65], [53, 57, 60, 63])
    flat = piece(rows, keys=(KeyChange(0, KeySignature.parse("Bb major")),))
    assert [mark.symbol for mark in chord_marks(flat)] == ["Bb", "Gm7", "F7"]
    assert [mark.symbol for mark in chord_marks(piece(rows))] == ["A#", "Gm7", "F7"]
    for mark in chord_marks(flat):
        assert mark.symbol is not None
        assert parse_chord(mark.symbol) >= 0


def test_bars_follow_the_meter_and_drums_have_no_chord() -> None:
    rows = chords([60, 64, 67], [60, 64, 67], bar=1440)
    waltz = piece(rows, meters=(MeterChange(0, Meter(3, 4)),))
    assert chord_marks(waltz) == [ChordMark(0, "C"), ChordMark(1440, "C")]
    kit = piece(rows, tracks=(Track(0, is_drum=True),))
    assert [mark.symbol for mark in chord_marks(kit)] == [None, None]
