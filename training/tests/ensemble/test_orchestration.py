"""What other instruments play is the same music."""

import numpy as np
import pytest
from euterpe_music.note_events.instruments import DRUM_PART, INSTRUMENTS, part_name, part_number
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece, canonical
from euterpe_music.note_events.spec import METERS, NO_CHORD
from euterpe_training.ensemble.orchestration import BASS, CHOIRS, CHORDS, MELODY, find_drum_bars, orchestrated

_FOUR_FOUR, _BARS = METERS.index((4, 4)), 16
_NAMES = [instrument.name for instrument in INSTRUMENTS]
_VIOLIN, _PIANO = part_number(_NAMES.index("violin"), 0), part_number(_NAMES.index("piano"), 0)


def _piece(rows: list[tuple[int, int, int, int]], bars: int = _BARS) -> NotePiece:
    """Return a piece of notes as bar, position, part and pitch."""
    notes = np.zeros(len(rows), dtype=NOTE)
    for name, values in zip(("bar", "position", "part", "pitch"), np.transpose(rows), strict=True):
        notes[name] = values
    notes["length"], notes["velocity"] = 11, 20
    info = np.zeros(bars, dtype=BAR_INFO)
    info["meter"], info["tempo"], info["key"], info["chord"] = _FOUR_FOUR, 30, 0, NO_CHORD
    return NotePiece(canonical(notes), info)


def _tune() -> NotePiece:
    """Return a violin's tune over a piano's basses and chords."""
    rows = []
    for bar in range(_BARS):
        rows += [(bar, position, _VIOLIN, 72 + position // 24) for position in range(0, 96, 24)]
        rows += [(bar, 0, _PIANO, 43), *((bar, 24, _PIANO, pitch) for pitch in (55, 59, 62))]
    return _piece(rows)


def _drums() -> NotePiece:
    return _piece([(bar, position, DRUM_PART, 36 + bar % 4) for bar in range(_BARS) for position in (0, 48)])


def _families(piece: NotePiece) -> set[str]:
    return {part_name(int(part)).rstrip(" 1234") for part in piece.parts}


@pytest.mark.parametrize("seed", range(20))
def test_notes_keep_their_times_and_pitch_classes(seed: int) -> None:
    tune = _tune()
    other = orchestrated(tune, "classical", [], np.random.default_rng(seed))
    expected = set(zip(tune.onsets.tolist(), (tune.notes["pitch"] % 12).tolist(), strict=True))
    assert set(zip(other.onsets.tolist(), (other.notes["pitch"] % 12).tolist(), strict=True)) == expected
    assert len(other.notes) >= len(tune.notes)


def test_melodies_chords_and_basses_are_played_by_instruments_for_them() -> None:
    tunes = [orchestrated(_tune(), "folk", [], np.random.default_rng(seed)) for seed in range(40)]
    names = set.union(*map(_families, tunes))
    assert len(names) > 25
    assert names <= {*MELODY, *CHORDS, *BASS}
    basses = [tune for tune in tunes if _families(tune) & {"acoustic bass", "electric bass", "tuba", "contrabass"}]
    assert len(basses) > 5
    lowest = [tune.notes["pitch"][tune.notes["pitch"].argmin()] for tune in basses]
    assert max(lowest) <= 43


def test_four_voices_become_a_choir_of_instruments_from_high_to_low() -> None:
    voices = [part_number(_NAMES.index("voice"), number) for number in range(4)]
    rows = [(bar, 0, part, 76 - 7 * number) for bar in range(_BARS) for number, part in enumerate(voices)]
    chorale = _piece(rows)
    found = set()
    for seed in range(40):
        other = orchestrated(chorale, "classical", [], np.random.default_rng(seed))
        for choir in CHOIRS:
            parts = [part_number(_NAMES.index(name), number) for name, number in choir]
            if sorted(parts) == other.parts.tolist():
                pitches = [other.notes["pitch"][other.notes["part"] == part].tolist() for part in parts]
                assert pitches == [[76 - 7 * number] * _BARS for number in range(4)]
                found.add(choir)
    assert len(found) >= 5


def test_drums_of_another_piece_are_repeated_below_a_pop_song() -> None:
    drums = find_drum_bars(_drums())
    assert drums is not None
    songs = [orchestrated(_tune(), "pop", [drums], np.random.default_rng(seed)) for seed in range(40)]
    with_drums = [song.notes[song.notes["part"] == DRUM_PART] for song in songs if DRUM_PART in song.parts]
    assert 6 < len(with_drums) < 25
    for notes in with_drums:
        assert notes["bar"].max() == _BARS - 1
        assert set(notes["position"].tolist()) == {0, 48}
        assert len(set(notes["pitch"].tolist())) == 4


def test_drums_of_another_meter_are_left_out() -> None:
    songs = [
        orchestrated(_tune(), "pop", [(METERS.index((3, 4)), [_drums().notes])], np.random.default_rng(seed))
        for seed in range(20)
    ]
    assert not any(DRUM_PART in song.parts for song in songs)
    assert find_drum_bars(_tune()) is None
