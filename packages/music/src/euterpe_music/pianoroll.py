"""The piano roll: a piece as rectangles over time, for whoever draws it."""

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
    """The roll of `piece`, in order of onset."""
    notes = piece.notes
    return PianoRoll(
        piece.seconds(notes["onset"]),
        piece.seconds(notes["onset"] + notes["duration"]),
        notes["pitch"].copy(),
        notes["velocity"].copy(),
        notes["track"].copy(),
    )
