"""Identify the vocabularies and inputs of note events, so that a network is never run with others than its own."""

import hashlib
import json
from functools import cache

from euterpe_music.note_events.features import ECHO_SIZES, FEATURES, LAGS, MAX_PARTS
from euterpe_music.note_events.instruments import INSTRUMENTS
from euterpe_music.note_events.part_history import HISTORY_SIZES
from euterpe_music.note_events.spec import (
    CHORD_QUALITIES,
    COLUMN_SIZES,
    DRUM_KEYS,
    FORMAT,
    LENGTHS,
    METERS,
    TEMPI,
    TICKS_PER_QUARTER,
)


@cache
def vocabulary_sha256() -> str:
    """Return the digest of everything that gives the numbers of events and inputs their meaning."""
    content = {
        "format": FORMAT,
        "ticks_per_quarter": TICKS_PER_QUARTER,
        "columns": COLUMN_SIZES,
        "instruments": [[one.name, list(one.programs), one.parts] for one in INSTRUMENTS],
        "meters": METERS,
        "tempi": [round(float(tempo), 3) for tempo in TEMPI],
        "lengths": LENGTHS.tolist(),
        "drum_keys": [DRUM_KEYS.start, DRUM_KEYS.stop],
        "chords": CHORD_QUALITIES,
        "features": FEATURES,
        "echoes": [LAGS, ECHO_SIZES],
        "max_parts": MAX_PARTS,
        "history": HISTORY_SIZES,
    }
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
