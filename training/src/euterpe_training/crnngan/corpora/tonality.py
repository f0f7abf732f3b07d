"""Transposition of pieces to C major or A minor."""

from dataclasses import replace

import numpy as np
from euterpe_music.note_columns import NoteColumns
from euterpe_music.tokens.tonality import white_key_shifts


def on_white_keys(pieces: NoteColumns) -> NoteColumns:
    """Transpose every piece by the semitones, -6..5, that maximize its sounding time on white keys.

    A note counts for at most four quarters. A note that would leave MIDI's range is moved by an octave.
    """
    count = len(pieces.ticks_per_quarter)
    weights = np.minimum(pieces.duration, 4 * pieces.ticks_per_quarter[pieces.piece])
    sounding = np.bincount(12 * pieces.piece + pieces.pitch % 12, weights, 12 * count)
    pitch = pieces.pitch + white_key_shifts(sounding.reshape(count, 12))[pieces.piece]
    return replace(pieces, pitch=pitch - 12 * (pitch > 127) + 12 * (pitch < 0))
