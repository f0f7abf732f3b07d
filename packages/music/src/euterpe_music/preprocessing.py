"""The steps that the thesis puts before training (references.md §1); `thesis_spec` has velocities so normalised."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_columns import NoteColumns
from euterpe_music.spec import MAX_VELOCITY

NOISE_THRESHOLD: Final = 0.1
LOWEST_PIANO_PITCH: Final = 21
HIGHEST_PIANO_PITCH: Final = 108


def normalize_data(pieces: NoteColumns) -> NDArray[np.float64]:
    """Velocities of the pieces' notes scaled to 0..1."""
    return np.asarray(pieces.velocity / MAX_VELOCITY, np.float64)


def remove_noise(pieces: NoteColumns, threshold: float = NOISE_THRESHOLD) -> NoteColumns:
    """The pieces without notes whose normalised velocity is under `threshold`: brushed keys, not music."""
    return pieces.kept(normalize_data(pieces) >= threshold)


def correct_errors(
    pieces: NoteColumns, lowest: int = LOWEST_PIANO_PITCH, highest: int = HIGHEST_PIANO_PITCH
) -> NoteColumns:
    """The pieces with every pitch clamped into lowest..highest, by default the keys of a piano."""
    return replace(pieces, pitch=np.clip(pieces.pitch, lowest, highest))
