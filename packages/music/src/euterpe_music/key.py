"""Key estimation by the algorithm of Krumhansl and Schmuckler.

The time for which each pitch class sounds is correlated with rated fits of pitch classes to each of the 24 keys
(C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990, chapters 2 and 4).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import Piece
from euterpe_music.tonics import TONICS

#: Ratings of Krumhansl and Kessler (1982) of the twelve pitch classes over the tonic.
_PROFILES: Final = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
#: The 24 keys: major from C upwards, then minor.
KEYS: Final = tuple(f"{tonic} {mode}" for mode in _PROFILES for tonic in TONICS)


def _standardised(profile: tuple[float, ...]) -> NDArray[np.float64]:
    centred = np.array(profile) - np.mean(profile)
    return np.asarray(centred / np.linalg.norm(centred), np.float64)


#: [key, pitch class]
_RATINGS: Final = np.array(
    [np.roll(_standardised(profile), shift) for profile in _PROFILES.values() for shift in range(12)]
)


def rate_keys(weights: NDArray[Any]) -> NDArray[np.float64]:
    """How well each of KEYS [24] fits pitch classes weighted by `weights` [12]: correlations, 0 for equal weights."""
    centred = weights - weights.mean()
    norm = float(np.linalg.norm(centred))
    return np.asarray(_RATINGS @ (centred / norm if norm > 0 else centred), np.float64)


def key_profile(key: str) -> NDArray[np.float64]:
    """Return how well each pitch class [12] fits a key of KEYS: standardised, with mean 0 and norm 1."""
    return np.array(_RATINGS[KEYS.index(key)], np.float64)


def estimate_key(piece: Piece) -> str | None:
    """Return the most likely key, e.g. "A minor"; None when no pitch class sounds longer than the others."""
    drums = np.array([track.is_drum for track in piece.tracks])
    notes = piece.notes[~drums[piece.notes["track"]]]
    weights = np.bincount(notes["pitch"] % 12, weights=notes["duration"].astype(np.float64), minlength=12)
    if np.ptp(weights) == 0:
        return None
    return KEYS[int(rate_keys(weights).argmax())]
