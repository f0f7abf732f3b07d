"""What an ensemble network composed, as notes and bar lines."""

from typing import Any

import numpy as np
from euterpe_music.note_events.common_key import moved_pitches
from euterpe_music.note_events.event import note_of
from euterpe_music.note_events.piece import NOTE
from euterpe_music.note_events.spec import BAR, METER_OFFSET, NONE, TEMPO_OFFSET
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array


def composed_events(events: Array, transposition: int) -> tuple[NDArray[Any], dict[int, tuple[int, int]]]:
    """Return the composed notes (`NOTE`), moved by semitones, and the meter and tempo classes of bar lines by bar."""
    rows = events[~np.isnan(events[:, 0])].astype(np.int64)
    lines = {
        bar: (meter - METER_OFFSET, tempo - TEMPO_OFFSET)
        for bar, _, meter, tempo, *_ in rows[rows[:, 1] == BAR].tolist()
    }
    notes = [
        (bar, *note_of((slot, part, pitch, length, velocity)), length - 1, velocity - 1)
        for bar, slot, part, pitch, length, velocity in rows[rows[:, 1] < BAR].tolist()
        if pitch != NONE
    ]
    return moved_pitches(np.array(notes, NOTE), transposition), lines
