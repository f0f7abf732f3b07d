"""Synthetic songs of triads: a minimal corpus for checking that a network learns."""

import hashlib
from typing import Final

import numpy as np
from euterpe_music.piece import Piece, make_notes

_CHORDS: Final = 120
_TICKS: Final = 384


def chords(name: str) -> Piece:
    """Return a song of 120 major and minor triads of a quarter each, which depends on `name` only."""
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))
    roots = random.integers(48, 72, _CHORDS)
    thirds = random.integers(3, 5, _CHORDS)
    pitches = np.stack([roots, roots + thirds, roots + 7], 1)
    return Piece(_TICKS, make_notes(np.repeat(np.arange(_CHORDS) * _TICKS, 3), _TICKS, pitches.ravel(), 80))
