from fractions import Fraction

import pytest
from euterpe_training.ensemble.corpora.abc import bar_signatures, key_signature, play_order, read_tune, tune_score

_HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:G\n"


def _notes(music: str, header: str = _HEADER) -> list[tuple[float, float, int]]:
    score = tune_score(read_tune(header + music), 40, 120)
    return [(note.time / 480, note.duration / 480, note.pitch) for note in score.tracks[0].notes]


def _bars(music: str) -> list[int]:
    return play_order(read_tune(_HEADER + music).bars)


def test_pitches_follow_key_octave_and_accidentals_until_the_bar_line() -> None:
    assert [pitch for _, _, pitch in _notes("F2=F2F2f2|F2F,2f'2^A2|")] == [66, 65, 65, 78, 66, 54, 90, 70]


def test_lengths_multiply_and_divide_the_unit() -> None:
    assert [length for _, length, _ in _notes("A2A/A/A//A3/2|")] == [1.0, 0.25, 0.25, 0.125, 0.75]


@pytest.mark.parametrize(
    ("music", "lengths"),
    [("A>B", [0.75, 0.25]), ("A<B", [0.25, 0.75]), ("A>>B", [0.875, 0.125]), ("A2>B2", [1.5, 0.5])],
)
def test_broken_rhythm_lends_time_to_the_neighbour(music: str, lengths: list[float]) -> None:
    notes = _notes(music + "|")
    assert [length for _, length, _ in notes] == lengths
    assert notes[1][0] == lengths[0]


def test_tuplets_squeeze_their_notes_even_behind_a_slur() -> None:
    third = 1 / 3
    assert [length for _, length, _ in _notes("((3ABc) d2|")] == pytest.approx([third, third, third, 1.0], abs=0.001)
    assert [length for _, length, _ in _notes("(2AB c|", _HEADER)] == [0.75, 0.75, 0.5]


def test_ties_join_notes_within_and_across_bars() -> None:
    assert _notes("A2-A2 B4|c8-|c4 d4|") == [(0, 2, 69), (2, 2, 71), (4, 6, 72), (10, 2, 74)]


def test_decorations_chord_names_and_grace_notes_are_no_notes() -> None:
    assert [pitch for _, _, pitch in _notes('"Am"{cd}.A2 !trill!~B2 u"4"c4|')] == [69, 71, 72]


def test_chords_sound_together() -> None:
    assert _notes("[GBd]4 z4|") == [(0, 2, 67), (0, 2, 71), (0, 2, 74)]


@pytest.mark.parametrize(
    ("music", "order"),
    [
        ("A8|B8:|c8|", [0, 1, 0, 1, 2]),
        ("A8|:B8|c8:|d8|", [0, 1, 2, 1, 2, 3]),
        ("|:A8|1 B8:|2 c8|]", [0, 1, 0, 2]),
        ("|:A8|1 B8:|2 c8|:d8|e8:|", [0, 1, 0, 2, 3, 4, 3, 4]),
        ("A8:|:B8:|", [0, 0, 1, 1]),
        ("A8::B8:|", [0, 0, 1, 1]),
    ],
)
def test_repeats_are_played_with_their_endings(music: str, order: list[int]) -> None:
    assert _bars(music) == order


def test_a_pickup_and_the_short_bar_before_the_repeat_make_whole_bars() -> None:
    score = tune_score(read_tune(_HEADER + "D2|G8|A6:|"), 40, 120)
    signs = [(sign.time / 480, sign.numerator, sign.denominator) for sign in score.time_signatures]
    assert signs == [(0, 1, 4), (1, 4, 4), (13, 3, 4)]


def test_incomplete_bars_merge_only_where_they_fill_the_meter() -> None:
    lengths = [Fraction(1), Fraction(4), Fraction(3), Fraction(1), Fraction(4), Fraction(2)]
    signs = list(bar_signatures(lengths, [(4, 4)] * 6))
    assert [(tick // 480, count, unit) for tick, count, unit in signs] == [(0, 1, 4), (1, 4, 4), (13, 2, 4)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("G", (1, False)), ("Am", (0, True)), ("D Dorian", (0, True)), ("Bb", (-2, False)), ("F#m", (3, True)),
        ("Amix", (2, False)), ("E Minor", (1, True)), ("HP", (2, False)),
    ],
)  # fmt: skip
def test_keys_and_modes_name_their_sharps(text: str, expected: tuple[int, bool]) -> None:
    assert key_signature(text) == expected


def test_a_tune_without_notes_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no notes"):
        read_tune(_HEADER + "z8|")
