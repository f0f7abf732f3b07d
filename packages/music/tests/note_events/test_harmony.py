import numpy as np
import pytest
from euterpe_music.note_events.harmony import estimate_key, estimate_pickup, keys_of_bars, match_chords
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece
from euterpe_music.note_events.spec import CHORD_QUALITIES, LENGTHS, NO_CHORD, UNKNOWN_KEY

_MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
_QUARTER = int(np.flatnonzero(LENGTHS == 24)[0])


def _piece(pitches: list[int], bar_ticks: int = 96, first: int = 0) -> NotePiece:
    """Return quarter notes one after another, from the tick `first` on."""
    ticks = first + 24 * np.arange(len(pitches))
    notes = np.zeros(len(pitches), dtype=NOTE)
    notes["bar"], notes["position"] = ticks // bar_ticks, ticks % bar_ticks
    notes["part"], notes["pitch"], notes["length"] = 50, pitches, _QUARTER
    bars = np.zeros(int(notes["bar"].max()) + 1, dtype=BAR_INFO)
    bars["meter"] = {96: 3, 72: 2}[bar_ticks]
    return NotePiece(notes, bars)


@pytest.mark.parametrize("tonic", range(12))
def test_cadences_tell_the_key(tonic: int) -> None:
    weights = np.zeros(12)
    for degree, weight in zip(_MAJOR_SCALE, (6, 2, 4, 3, 5, 2, 2), strict=True):
        weights[(tonic + degree) % 12] = weight
    assert estimate_key(weights) == tonic


def test_silence_has_no_key() -> None:
    assert estimate_key(np.zeros(12)) == UNKNOWN_KEY


def test_a_believable_signature_leaves_only_major_or_minor_open() -> None:
    piece = _piece([57, 60, 64, 57, 62, 65, 64, 68, 57, 60, 64, 57])
    assert keys_of_bars(piece, [(0, 0)])[0] == 12 + 9


def test_a_signature_that_contradicts_the_notes_is_not_believed() -> None:
    piece = _piece([61, 65, 68, 61, 66, 70, 68, 72, 61, 65, 68, 61])
    assert keys_of_bars(piece, [(0, 1)])[0] == 1


def test_keys_follow_the_signatures_by_bar() -> None:
    piece = _piece([60, 64, 67, 60, 65, 69, 67, 60, 62, 66, 69, 62, 67, 71, 69, 62])
    assert keys_of_bars(piece, [(0, 0), (192, 2)]).tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize(
    ("tones", "name"),
    [((0, 4, 7), "maj"), ((0, 3, 7), "min"), ((0, 4, 7, 10), "7"), ((0, 3, 6), "dim"), ((0, 5, 7), "sus4")],
)
def test_chords_are_found_on_every_root(tones: tuple[int, ...], name: str) -> None:
    for root in range(12):
        weights = np.zeros((1, 12))
        weights[0, [(root + tone) % 12 for tone in tones]] = 1
        assert match_chords(weights, np.array([root]))[0] == CHORD_QUALITIES.index(name) * 12 + root


def test_silence_and_single_tones_are_no_chords() -> None:
    weights = np.zeros((2, 12))
    weights[1, 4] = 3
    assert match_chords(weights, np.array([-1, 4])).tolist() == [NO_CHORD, NO_CHORD]


def test_long_bass_notes_tell_a_pickup() -> None:
    bar = [(0, 36, 48), (48, 60, 12), (60, 62, 12)]
    notes = [(24 + 72 * number + onset, pitch, length) for number in range(12) for onset, pitch, length in bar]
    notes.insert(0, (0, 62, 12))
    rows = np.zeros(len(notes), dtype=NOTE)
    ticks = np.array([onset for onset, _, _ in notes])
    rows["bar"], rows["position"], rows["part"] = ticks // 72, ticks % 72, 50
    rows["pitch"] = [pitch for _, pitch, _ in notes]
    rows["length"] = [int(np.flatnonzero(length == LENGTHS)[0]) for _, _, length in notes]
    bars = np.zeros(int(rows["bar"].max()) + 1, dtype=BAR_INFO)
    bars["meter"] = 2
    assert estimate_pickup(NotePiece(rows, bars)) == 24
