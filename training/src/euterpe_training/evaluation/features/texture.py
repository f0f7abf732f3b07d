"""Texture and register: how many notes sound together, how dense, how high, and how that changes."""

from typing import Final

import numpy as np
from euterpe_music.tokens.tonality import white_key_shift
from numpy.typing import NDArray

from euterpe_training.evaluation.features.view import Values, View, mean, share

_C3, _C6 = 48, 84
_PARTS: Final = 8


def texture_features(view: View) -> Values:
    """Notes at a time, register and change within the window."""
    return {**_polyphony(view), **_register(view), **_changes(view)}


def _polyphony(view: View) -> Values:
    sounding = view.sounding.sum(1)
    held = sounding - view.beginning.sum(1)
    counts = view.counts
    return {
        "onsets_single": share(counts == 1),
        "onsets_of_two": share(counts == 2),
        "onsets_of_three": share(counts == 3),
        "onsets_of_four_or_more": share(counts >= 4),
        "notes_per_onset": mean(counts),
        "onset_size_spread": float(counts.std()),
        "onset_size_changes": share(counts[1:] != counts[:-1]),
        "polyphony": mean(sounding),
        "polyphony_spread": float(sounding.std()),
        "polyphony_most": float(sounding.max()),
        "onsets_under_held_notes": share(held > 0),
        "held_notes": mean(held),
        "solo_moments": share(sounding == 1),
    }


def _register(view: View) -> Values:
    """Registers after the move by -6 to 5 semitones that brings the window onto the white keys."""
    score = view.score
    pitch = score.pitch + white_key_shift(score.pitch, np.minimum(score.duration, 4 * view.pulse))
    low, middle, high = np.percentile(pitch, [10, 50, 90])
    shift = pitch[0] - score.pitch[0]
    rows = view.beginning
    octaves: NDArray[np.bool_] = np.any(rows[:, 12:] & rows[:, :-12], 1)
    several = np.flatnonzero(view.counts > 1)
    return {
        "lowest_pitch": float(pitch.min()),
        "highest_pitch": float(pitch.max()),
        "low_register": float(low),
        "middle_register": float(middle),
        "high_register": float(high),
        "pitch_span": float(np.ptp(pitch)),
        "pitch_spread": float(pitch.std()),
        "melody_register": mean(view.melody.pitch) + float(shift),
        "bass_register": mean(view.bass.pitch) + float(shift),
        "melody_span": float(np.ptp(view.melody.pitch)),
        "bass_span": float(np.ptp(view.bass.pitch)),
        "notes_below_c3": share(pitch < _C3),
        "notes_above_c6": share(pitch >= _C6),
        "distinct_pitches": float(len(np.unique(pitch))),
        "octave_doublings": share(octaves[several]),
    }


def _changes(view: View) -> Values:
    score = view.score
    span = max(int(view.times[-1]), 1)
    part = np.minimum(score.onset * _PARTS // span, _PARTS - 1)
    density = np.bincount(part, minlength=_PARTS) / len(score)
    register = [mean(score.pitch[part == number]) for number in range(_PARTS) if (part == number).any()]
    half = len(score) // 2
    first, second = (max(int(score.onset[high] - score.onset[low]), 1) for low, high in ((0, half), (half, -1)))
    sounding = view.sounding.sum(1)
    middle = len(sounding) // 2
    return {
        "density_variation": float(density.std() / density.mean()),
        "density_change": float(np.log(first / second)),
        "density_change_size": float(abs(np.log(first / second))),
        "register_variation": float(np.std(register)),
        "polyphony_change": abs(mean(sounding[middle:]) - mean(sounding[:middle])),
    }
