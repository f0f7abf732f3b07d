"""Which transposition puts a piece on the white keys."""

from typing import Final

import numpy as np
from euterpe_music.measures import SCALES
from euterpe_music.piece import Piece

_WHITE: Final = np.array(SCALES["major"])


def white_key_shift(piece: Piece) -> int:
    """Semitones, -6..5, after which most of the piece's sounding time is on white keys: C major or A minor.

    Of equally good shifts the smallest is taken, so that a piece stays close to where it was written.
    """
    weights = np.minimum(piece.notes["duration"], 4 * piece.ticks_per_quarter)
    histogram = np.bincount(piece.notes["pitch"] % 12, weights=weights, minlength=12)
    shifts = sorted(range(-6, 6), key=abs)
    return max(shifts, key=lambda shift: histogram[(_WHITE - shift) % 12].sum())


def transposed(piece: Piece, semitones: int) -> Piece:
    """The piece moved by `semitones`; a note that would leave MIDI's range moves back an octave."""
    notes = piece.notes.copy()
    pitch = notes["pitch"].astype(np.int64) + semitones
    pitch = np.where(pitch > 127, pitch - 12, np.where(pitch < 0, pitch + 12, pitch))
    notes["pitch"] = pitch
    return piece.with_notes(notes)
