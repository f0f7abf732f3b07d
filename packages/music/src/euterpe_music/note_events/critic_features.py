"""What a critic reads of each note of a piece, to tell composed music from real music: nothing that names the key.

Drums and velocities are left out.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.key import rate_keys
from euterpe_music.note_events.instruments import DRUM_PART, PART_COUNT
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import LENGTH_COUNT, LENGTHS, MAX_BAR_TICKS

_MAX_STEP: Final = 96
_MAX_LEAP: Final = 24
_MAX_ABOVE: Final = 47
_REGISTER_STEP: Final = 4
#: An earlier bar has the same pitch at the same position, for each of these distances in bars.
_ECHOED_BARS: Final = (1, 2, 4, 8)

#: Name and size of each feature. `step`: ticks since the note before; `leap`: semitones from the note before of the
#: same part, 0 for none; `above`: semitones above the lowest sounding note; `degree`: semitones above the estimated
#: tonic, of major or minor; `echoes`: a bit for each of the distances at which an earlier bar has the note.
CRITIC_FEATURES: Final[tuple[tuple[str, int], ...]] = (
    ("step", _MAX_STEP + 1), ("slot", MAX_BAR_TICKS), ("part", PART_COUNT), ("register", 128 // _REGISTER_STEP),
    ("leap", 2 * _MAX_LEAP + 2), ("above", _MAX_ABOVE + 1), ("length", LENGTH_COUNT), ("degree", 24),
    ("echoes", 2 ** len(_ECHOED_BARS)),
)  # fmt: skip


def critic_features(piece: NotePiece) -> NDArray[np.int64]:
    """Return the features [notes, features] of the pitched notes of a piece, in canonical order."""
    is_pitched = piece.notes["part"] != DRUM_PART
    notes, onsets = piece.notes[is_pitched], piece.onsets[is_pitched].astype(np.int64)
    pitches, parts = notes["pitch"].astype(np.int64), notes["part"].astype(np.int64)
    features = np.zeros((len(notes), len(CRITIC_FEATURES)), np.int64)
    if not len(notes):
        return features
    features[:, 0] = np.minimum(np.diff(onsets, prepend=onsets[:1]), _MAX_STEP)
    features[:, 1] = notes["position"]
    features[:, 2] = parts
    features[:, 3] = pitches // _REGISTER_STEP
    features[:, 4] = _leaps(parts, pitches)
    lengths = LENGTHS[notes["length"]]
    features[:, 5] = np.minimum(pitches - _lowest(onsets, onsets + lengths, pitches), _MAX_ABOVE)
    features[:, 6] = notes["length"]
    rates = rate_keys(np.bincount(pitches % 12, weights=lengths, minlength=12))
    mode, tonic = divmod(int(rates.argmax()), 12)
    features[:, 7] = 12 * mode + (pitches - tonic) % 12
    features[:, 8] = _echoes(notes["bar"].astype(np.int64), notes["position"].astype(np.int64), pitches)
    return features


def _leaps(parts: NDArray[np.int64], pitches: NDArray[np.int64]) -> NDArray[np.int64]:
    leaps = np.zeros(len(parts), np.int64)
    for part in np.unique(parts):
        own = np.flatnonzero(parts == part)
        leaps[own[1:]] = np.clip(np.diff(pitches[own]), -_MAX_LEAP, _MAX_LEAP) + _MAX_LEAP + 1
    return leaps


def _lowest(onsets: NDArray[np.int64], ends: NDArray[np.int64], pitches: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the lowest pitch that sounds when each note begins."""
    lowest = np.zeros(len(onsets), np.int64)
    sounding: list[tuple[int, int]] = []
    starts = np.flatnonzero(np.diff(onsets, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(onsets)], strict=True):
        sounding = [one for one in sounding if one[0] > onsets[start]]
        sounding += zip(ends[start:stop].tolist(), pitches[start:stop].tolist(), strict=True)
        lowest[start:stop] = min(pitch for _, pitch in sounding)
    return lowest


def _echoes(bars: NDArray[np.int64], positions: NDArray[np.int64], pitches: NDArray[np.int64]) -> NDArray[np.int64]:
    found = np.zeros(len(bars), np.int64)
    codes = (bars * MAX_BAR_TICKS + positions) * 128 + pitches
    for bit, distance in enumerate(_ECHOED_BARS):
        found += np.isin(codes - distance * MAX_BAR_TICKS * 128, codes).astype(np.int64) << bit
    return found
