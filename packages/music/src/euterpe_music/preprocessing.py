"""The three steps that the thesis puts before training (FACTS §1), and the function that does all of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import Piece

NOISE_THRESHOLD: Final = 0.1
LOWEST_PIANO_PITCH: Final = 21
HIGHEST_PIANO_PITCH: Final = 108


def normalize_data(piece: Piece) -> NDArray[np.float64]:
    """Velocities of the piece's notes scaled to 0..1, in the order of `piece.notes`."""
    return np.asarray(piece.notes["velocity"] / 127.0, np.float64)


def remove_noise(piece: Piece, threshold: float = NOISE_THRESHOLD) -> Piece:
    """The piece without notes whose normalised velocity is under `threshold`: brushed keys, not music."""
    loud = normalize_data(piece) >= threshold
    return piece if loud.all() else piece.with_notes(piece.notes[loud])


def correct_errors(piece: Piece, lowest: int = LOWEST_PIANO_PITCH, highest: int = HIGHEST_PIANO_PITCH) -> Piece:
    """The piece with every pitch clamped into lowest..highest, by default the keys of a piano."""
    pitches = piece.notes["pitch"]
    clamped = np.clip(pitches, lowest, highest)
    if (clamped == pitches).all():
        return piece
    notes = piece.notes.copy()
    notes["pitch"] = clamped
    return piece.with_notes(notes)


def preprocess(piece: Piece, threshold: float = NOISE_THRESHOLD) -> Piece:
    """All three steps. Velocities stay MIDI's, the scaling being the event representation's affair."""
    return correct_errors(remove_noise(piece, threshold))
