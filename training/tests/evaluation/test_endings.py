"""Endings, density and longest notes of hand-written pieces."""

from collections.abc import Callable

import pytest
from euterpe_music.meter import Meter
from euterpe_training.evaluation.endings import density_ratio, find_ending, longest_note_and_rest
from euterpe_training.evaluation.scores import Score

Make = Callable[..., Score]

WALTZ, JIG = Meter(3, 4), Meter(6, 8)
#: G major in 3/4: root and two chords a bar, over them the melody. The bars are G, C, D, G.
ROOTS, CHORDS = (43, 48, 38, 43), ((59, 62), (60, 64), (54, 57), (59, 62))
MELODY = ((67, 71, 74), (72, 76, 72), (69, 74, 72), (71, 69, 67))
LAST_BAR = 36.0


def waltz(last_bass: int, last_melody: int, chords_after: bool = True) -> list[tuple[float, float, int]]:
    """Twelve bars, and another with a bass note, a long melody note and perhaps chords."""
    notes: list[tuple[float, float, int]] = []
    for bar, (root, chord, melody) in enumerate(3 * [*zip(ROOTS, CHORDS, MELODY, strict=True)]):
        notes.append((3.0 * bar, 1.0, root))
        notes += [(3.0 * bar + beat, 1.0, pitch) for beat in (1, 2) for pitch in chord]
        notes += [(3.0 * bar + beat, 1.0, pitch) for beat, pitch in enumerate(melody)]
    chords = [(LAST_BAR + beat, 1.0, pitch) for beat in (1, 2) for pitch in (59, 62)] if chords_after else []
    return [*notes, (LAST_BAR, 1.0, last_bass), (LAST_BAR, 3.0, last_melody), *chords]


def jig(last: int, at: float = 6.0) -> list[tuple[float, float, int]]:
    """D major in 6/8: two bars of eighths over a drone, and a last note from quarter `at` on."""
    eighths = [62, 66, 69, 74, 69, 66, 67, 71, 69, 73, 69, 64]
    melody = [(0.5 * place, 0.5, pitch) for place, pitch in enumerate(eighths)]
    return [*melody, (0.0, 3.0, 50), (3.0, 3.0, 45), (at, 1.5, last), (at, 1.5, 50)]


def test_a_waltz_rests_on_the_bass_of_its_last_bar(score: Make) -> None:
    ending = find_ending(score(waltz(43, 67), WALTZ))
    assert ending is not None
    assert not ending.bass, "the last onset is a chord above the bass"
    assert ending.bass_in_meter
    assert ending.melody
    assert ending.on_beat
    assert ending.on_tonic


@pytest.mark.parametrize(("bass", "melody"), [(38, 67), (43, 71), (48, 69)])
def test_another_bass_or_melody_is_no_ending_on_the_tonic(bass: int, melody: int, score: Make) -> None:
    ending = find_ending(score(waltz(bass, melody), WALTZ))
    assert ending is not None
    assert ending.bass_in_meter == (bass == 43)
    assert ending.melody == (melody == 67)
    assert not ending.on_tonic


def test_without_a_meter_the_lowest_sounding_note_counts(score: Make) -> None:
    ending = find_ending(score(waltz(43, 67, chords_after=False)))
    assert ending is not None
    assert (ending.bass, ending.melody, ending.bass_in_meter, ending.on_beat) == (True, True, None, None)
    assert ending.on_tonic
    arpeggio = find_ending(score(waltz(43, 67)))
    assert arpeggio is not None
    assert not arpeggio.on_tonic


def test_a_jig_ends_on_a_dotted_beat(score: Make) -> None:
    for at, on_beat in ((6.0, True), (7.5, True), (7.0, False), (6.5, False)):
        ending = find_ending(score(jig(62, at), JIG))
        assert ending is not None
        assert ending.on_tonic
        assert ending.on_beat == on_beat, at
    three_four = find_ending(score(jig(62, 7.0), WALTZ))
    assert three_four is not None
    assert three_four.on_beat, "the same onset is the second beat of 3/4"
    ending = find_ending(score(jig(69), JIG))
    assert ending is not None
    assert not ending.melody


def test_a_requested_key_decides_and_a_key_signature_does_not(score: Make) -> None:
    asked = find_ending(score(waltz(43, 67), WALTZ, key="E minor", is_key_requested=True))
    stated = find_ending(score(waltz(43, 67), WALTZ, key="E minor"))
    assert asked is not None
    assert stated is not None
    assert not asked.on_tonic
    assert stated.on_tonic


def test_a_cadence_within_the_last_bar_ends_on_its_last_bass(score: Make) -> None:
    before = [note for note in waltz(43, 67) if note[0] < LAST_BAR]
    notes = [*before, (LAST_BAR, 2.0, 38), (LAST_BAR + 2, 1.0, 43), (LAST_BAR, 2.0, 66), (LAST_BAR + 2, 1.0, 67)]
    ending = find_ending(score(notes, WALTZ))
    assert ending is not None
    assert ending.bass_in_meter


def test_density_counts_notes_of_the_last_fifth_over_the_first(score: Make) -> None:
    even = [(float(at), 1.0, 60) for at in range(50)]
    assert density_ratio(score(even)) == pytest.approx(1.0)
    thin = [one for one in even if one[0] < 40 or one[0] % 2 == 1]
    assert density_ratio(score(thin)) == pytest.approx(0.5)
    assert density_ratio(score(even[:5])) is None


def test_longest_notes_and_rests_are_counted_in_bars_of_the_meter(score: Make) -> None:
    notes = [(0.0, 6.0, 60), (1.0, 1.0, 64), (9.0, 3.0, 62)]
    assert longest_note_and_rest(score(notes, WALTZ)) == (2.0, 1.0)
    assert longest_note_and_rest(score(notes)) == (1.5, 0.75)
