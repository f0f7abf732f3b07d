"""The three steps that the thesis puts before training (FACTS §1), and the function that does all of them."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.columns import Columns

NOISE_THRESHOLD: Final = 0.1
LOWEST_PIANO_PITCH: Final = 21
HIGHEST_PIANO_PITCH: Final = 108


def normalize_data(pieces: Columns) -> NDArray[np.float64]:
    """Velocities of the pieces' notes scaled to 0..1."""
    return np.asarray(pieces.velocity / 127.0, np.float64)


def remove_noise(pieces: Columns, threshold: float = NOISE_THRESHOLD) -> Columns:
    """The pieces without notes whose normalised velocity is under `threshold`: brushed keys, not music."""
    return pieces.kept(normalize_data(pieces) >= threshold)


def correct_errors(pieces: Columns, lowest: int = LOWEST_PIANO_PITCH, highest: int = HIGHEST_PIANO_PITCH) -> Columns:
    """The pieces with every pitch clamped into lowest..highest, by default the keys of a piano."""
    return replace(pieces, pitch=np.clip(pieces.pitch, lowest, highest))


def preprocess(pieces: Columns, threshold: float = NOISE_THRESHOLD) -> Columns:
    """All three steps. Velocities stay MIDI's, the scaling being the event representation's affair."""
    return correct_errors(remove_noise(pieces, threshold))
