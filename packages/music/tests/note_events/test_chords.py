import pytest
from euterpe_music.note_events.chords import parse_chord, parse_progression
from euterpe_music.note_events.spec import CHORD_QUALITIES


@pytest.mark.parametrize(
    ("symbol", "quality", "root"),
    [
        ("C", "maj", 0),
        ("F#m", "min", 6),
        ("Bb7", "7", 10),
        ("Ebmaj7", "maj7", 3),
        ("Am7", "min7", 9),
        ("Bdim", "dim", 11),
    ],
)
def test_a_chord_has_the_number_of_its_quality_and_root(symbol: str, quality: str, root: int) -> None:
    assert parse_chord(symbol) == CHORD_QUALITIES.index(quality) * 12 + root


def test_a_progression_has_two_halves_in_each_bar() -> None:
    c, a, f = parse_chord("C"), parse_chord("Am"), parse_chord("F")
    assert parse_progression("C | Am F | - |") == [(c, c), (a, f), (-1, -1)]


def test_a_progression_without_bar_lines_has_one_chord_in_each_bar() -> None:
    assert parse_progression("Am F C G") == parse_progression("| Am | F | C | G |")
    assert parse_progression("Am F") != parse_progression("| Am F |")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C | H7", "bar 2: 'H7' is not a chord"),
        ("| C Am F |", "bar 1 must have one or two chords, got 3"),
        ("C H7", "bar 2: 'H7' is not a chord"),
        (" ", "at least one chord, got none"),
        ("C |  | F", "bar 2 must have one or two chords, got 0"),
        (" | ".join(["C"] * 257), "at most 256 bars, got 257"),
    ],
)
def test_a_wrong_progression_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_progression(text)
