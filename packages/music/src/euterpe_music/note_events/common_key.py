"""Transposition of note events to the common key, C major or A minor, for networks that are trained on it."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import UNKNOWN_KEY
from euterpe_music.tokens.tonality import white_key_shift

_MINOR_TONIC: Final = 9
#: C major and A minor, as numbers of keys.
COMMON_KEYS: Final = (0, 12 + _MINOR_TONIC)
_OCTAVE: Final = 12
_MAX_PITCH: Final = 127


def key_shift(key: int) -> int:
    """Return the shift, -6..5 semitones, that brings a key (0..11 major by tonic, 12..23 minor) to the common key."""
    return ((_MINOR_TONIC if key >= _OCTAVE else 0) - key % _OCTAVE + 6) % _OCTAVE - 6


def common_key_shift(piece: NotePiece, lowest: int = 0, highest: int = _MAX_PITCH) -> int:
    """Return the shift in semitones that brings a piece to the common key.

    The key is that of most bars; where no bar states one, most notes are brought onto white keys. The shift is in
    -6..5, or an octave from there if pitches would leave `lowest` to `highest`, and 0 if they would leave it anyway.
    """
    pitches = piece.notes["pitch"][piece.notes["part"] != DRUM_PART].astype(np.int64)
    if not len(pitches):
        return 0
    keys = piece.bars["key"][piece.bars["key"] != UNKNOWN_KEY].astype(np.int64)
    wanted = (
        key_shift(int(np.bincount(keys).argmax())) if len(keys) else white_key_shift(pitches, np.ones(len(pitches)))
    )
    low, high = min(lowest, int(pitches.min())), max(highest, int(pitches.max()))
    for shift in (wanted, wanted - _OCTAVE, wanted + _OCTAVE):
        if low <= pitches.min() + shift and pitches.max() + shift <= high:
            return shift
    return 0


def moved_key(key: int, semitones: int) -> int:
    """Return the number of a key, or of a chord, that is moved by semitones."""
    return key // _OCTAVE * _OCTAVE + (key + semitones) % _OCTAVE


def moved_pitches(notes: NDArray[Any], semitones: int) -> NDArray[Any]:
    """Return notes (`NOTE`) moved by semitones, within MIDI's range by octaves; drums stay."""
    moved = notes.copy()
    pitch = notes["pitch"].astype(np.int64) + np.where(notes["part"] == DRUM_PART, 0, semitones)
    moved["pitch"] = np.where(pitch > _MAX_PITCH, pitch - _OCTAVE, np.where(pitch < 0, pitch + _OCTAVE, pitch))
    return moved
