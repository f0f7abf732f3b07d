"""What an ensemble network composed, as notes and bar lines."""

from typing import Any

import numpy as np
from euterpe_music.note_events.common_key import moved_pitches
from euterpe_music.note_events.event import note_of
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece
from euterpe_music.note_events.spec import BAR, METER_OFFSET, NO_CHORD, NONE, TEMPO_OFFSET, UNKNOWN_KEY
from numpy.typing import NDArray

from euterpe_generator.engine.ensemble.plan import EnsemblePlan
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


def composed_piece(events: Array, plan: EnsemblePlan) -> NotePiece:
    """Return what was composed, with the bars that begin so far; bar 0 is the plan's first one."""
    notes, lines = composed_events(events, plan.transposition)
    lines |= {bar: (block.meter, block.tempo) for bar, block in plan.blocks.items()}
    first = min(lines)
    notes["bar"] -= first
    bars = np.zeros(len(lines), BAR_INFO)
    bars["key"], bars["chord"] = UNKNOWN_KEY, NO_CHORD
    for bar, line in lines.items():
        bars[bar - first]["meter"], bars[bar - first]["tempo"] = line
    return NotePiece(notes, bars)
