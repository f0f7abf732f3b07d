"""Melodic features of the highest and the lowest voice, and how the two move together."""

from itertools import pairwise

import numpy as np

from euterpe_training.evaluation.features.view import (
    Floats,
    Line,
    Values,
    View,
    longest_run,
    mean,
    share,
    value_entropy,
)
from euterpe_training.evaluation.scores import Ints

_WIDEST = 13


def line_features(view: View) -> Values:
    """Intervals of melody and bass, and motion between them."""
    return {**_intervals("melody", view.melody), **_intervals("bass", view.bass), **_motion(view)}


def _intervals(name: str, line: Line) -> Values:
    steps = np.diff(line.pitch)
    size = np.abs(steps)
    moving = steps[steps != 0]
    signs = np.sign(moving)
    return {
        f"{name}_repeated_notes": share(size == 0),
        f"{name}_semitones": share(size == 1),
        f"{name}_whole_tones": share(size == 2),
        f"{name}_thirds": share((size >= 3) & (size <= 4)),
        f"{name}_fourths_fifths": share((size >= 5) & (size <= 7)),
        f"{name}_sixths_sevenths": share((size >= 8) & (size <= 11)),
        f"{name}_octave_leaps": share(size == 12),
        f"{name}_wide_leaps": share(size > 12),
        f"{name}_mean_interval": mean(size),
        f"{name}_ascending": share(signs > 0),
        f"{name}_turns": share(signs[1:] != signs[:-1]),
        f"{name}_leaps_answered": _answered(moving),
        f"{name}_interval_entropy": value_entropy(np.clip(steps, -_WIDEST, _WIDEST)),
        f"{name}_longest_repeat": longest_run(size == 0) / max(len(line.pitch), 1),
        f"{name}_longest_scale": max(longest_run((steps > 0) & (steps <= 2)), longest_run((steps < 0) & (steps >= -2))),
        f"{name}_distinct_pitches": len(np.unique(line.pitch)) / max(len(line.pitch), 1),
    }


def _answered(moving: Ints) -> float:
    """Share of leaps wider than a fourth that a move in the other direction follows."""
    leaps = np.flatnonzero(np.abs(moving[:-1]) > 5)
    return share(np.sign(moving[leaps]) != np.sign(moving[leaps + 1]))


def _motion(view: View) -> Values:
    high = np.where(view.sounding.any(1), 127 - view.sounding[:, ::-1].argmax(1), -1)
    low = np.where(view.sounding.any(1), view.sounding.argmax(1), -1)
    two = high > low
    both = two[1:] & two[:-1]
    up, down = np.diff(high)[both], np.diff(low)[both]
    moves = (up != 0) & (down != 0)
    gap = (high - low)[two]
    perfect = np.isin((high - low)[1:][both] % 12, (0, 7)) & np.isin((high - low)[:-1][both] % 12, (0, 7))
    same = moves & (np.sign(up) == np.sign(down))
    return {
        "motion_contrary": share(moves & (np.sign(up) != np.sign(down))),
        "motion_similar": share(same),
        "motion_oblique": share((up != 0) ^ (down != 0)),
        "motion_parallel_perfect": share(same & perfect),
        "outer_voices_distance": mean(gap),
        "outer_voices_distance_spread": float(gap.std()) if len(gap) else 0.0,
        "voice_leading_distance": mean(_voice_leading(view)),
    }


def _voice_leading(view: View) -> Floats:
    """Semitones from each note of a chord to the nearest note of the chord before it, averaged over the chord."""
    chords = [np.flatnonzero(row) for row in view.sounding]
    pairs = [pair for pair in pairwise(chords) if min(map(len, pair)) > 1]
    return np.array([np.abs(other[:, None] - one[None]).min(1).mean() for one, other in pairs])
