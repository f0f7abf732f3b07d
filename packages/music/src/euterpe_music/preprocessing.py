"""The three steps that the thesis puts before training (references.md §1), and the function that does all of them."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_columns import NoteColumns

NOISE_THRESHOLD: Final = 0.1
LOWEST_PIANO_PITCH: Final = 21
HIGHEST_PIANO_PITCH: Final = 108


def normalize_data(pieces: NoteColumns) -> NDArray[np.float64]:
    """Velocities of the pieces' notes scaled to 0..1."""
    return np.asarray(pieces.velocity / 127.0, np.float64)


def remove_noise(pieces: NoteColumns, threshold: float = NOISE_THRESHOLD) -> NoteColumns:
    """The pieces without notes whose normalised velocity is under `threshold`: brushed keys, not music."""
    return pieces.kept(normalize_data(pieces) >= threshold)


def correct_errors(
    pieces: NoteColumns, lowest: int = LOWEST_PIANO_PITCH, highest: int = HIGHEST_PIANO_PITCH
) -> NoteColumns:
    """The pieces with every pitch clamped into lowest..highest, by default the keys of a piano."""
    return replace(pieces, pitch=np.clip(pieces.pitch, lowest, highest))


def preprocess(pieces: NoteColumns, threshold: float = NOISE_THRESHOLD) -> NoteColumns:
    """All three steps. Velocities stay MIDI's, the scaling being the event representation's affair."""
    return correct_errors(remove_noise(pieces, threshold))
