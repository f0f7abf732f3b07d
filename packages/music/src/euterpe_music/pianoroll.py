"""The piano roll: notes as arrays of times and pitches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import Piece


@dataclass(frozen=True, eq=False)
class PianoRoll:
    """Columns of equal length, one entry per note: seconds, MIDI pitch, velocity 1..127, track."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    pitch: NDArray[np.uint8]
    velocity: NDArray[np.uint8]
    track: NDArray[np.uint16]


def piano_roll(piece: Piece) -> PianoRoll:
    """Return the roll of `piece`, ordered by onset; ends are those of the sound, held by the pedal or not."""
    notes = piece.notes
    return PianoRoll(
        piece.seconds(notes["onset"]),
        piece.seconds(piece.sounding_ends),
        notes["pitch"].copy(),
        notes["velocity"].copy(),
        notes["track"].copy(),
    )
