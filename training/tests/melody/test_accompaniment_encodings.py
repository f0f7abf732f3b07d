"""What encodings keep of an accompaniment: the sustained one keeps a bass below moving chords."""

import numpy as np
from euterpe_music.tokens import METERS
from euterpe_training.melody.accompaniment_encodings import compare_encodings
from euterpe_training.melody.tunes import Notes, Tune


def tune() -> Tune:
    """Return eight bars of C in the bass, a chord on the second half note, and the melody's C on every half note."""
    bars = np.arange(0.0, 33.0, 4.0)
    bass = Notes(bars[:-1], np.full(8, 4.0), np.full(8, 36))
    fifths = Notes(bars[:-1] + 2, np.full(8, 2.0), np.full(8, 67))
    both = Notes(
        *(np.concatenate([getattr(bass, name), getattr(fifths, name)]) for name in ("onset", "length", "pitch"))
    )
    melody = Notes(np.arange(0.0, 32.0, 2.0), np.full(16, 2.0), np.full(16, 72))
    return Tune("held", "pop", METERS[0], bars, melody, both)


def test_chord_tones_of_a_held_bass_survive_in_the_sustained_encoding_only() -> None:
    found = compare_encodings([("held", tune()), ("broken", "it cannot be read")])
    assert {name: row["chord_tones"] for name, row in found.items()} == {
        "as read": 1.0, "encoding 1": 0.5, "sustained": 1.0,
    }  # fmt: skip
    assert found["sustained"] == found["as read"]
    assert found["encoding 1"]["note_quarters"] == 2.0
    assert {row["songs"] for row in found.values()} == {1}
    assert compare_encodings([("broken", "it cannot be read")]) == {}
