"""Harmonic features relative to the window's own key, and intervals that sound together."""

from typing import Final

import numpy as np
from euterpe_music.key import rate_keys
from euterpe_music.measures import SCALES
from numpy.typing import NDArray

from euterpe_training.evaluation.features.view import Floats, Values, View, entropy, mean, share
from euterpe_training.evaluation.scores import Ints

DEGREES: Final = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")
CLASSES: Final = ("octaves", "seconds_minor", "seconds_major", "thirds_minor", "thirds_major", "fourths", "tritones")
_TRIADS: Final = ((0, 4, 7), (0, 3, 7))
_SEVENTHS: Final = ((0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 3, 6, 10), (0, 3, 6, 9), (0, 3, 6))
_DEGREE_SCALES: Final = {
    mode: np.isin(np.arange(12), sorted({tone for name in names for tone in SCALES[name]}))
    for mode, names in (("major", ("major",)), ("minor", ("natural minor", "harmonic minor")))
}


def _masks(chords: tuple[tuple[int, ...], ...]) -> Ints:
    """Bit masks of the chords over all twelve roots."""
    return np.array([sum(1 << (root + tone) % 12 for tone in chord) for chord in chords for root in range(12)])


_TRIAD_MASKS, _SEVENTH_MASKS = _masks(_TRIADS), _masks(_SEVENTHS)


def harmony_features(view: View) -> Values:
    """Scale degrees, chords and sounding intervals."""
    return {**_degrees(view), **_intervals(view), **_chords(view)}


def _degrees(view: View) -> Values:
    score = view.score
    weights = np.bincount(score.pitch % 12, np.minimum(score.duration, 8 * view.pulse), minlength=12)
    scores = rate_keys(weights)
    best = int(scores.argmax())
    minor, tonic = divmod(best, 12)
    counts = np.bincount((score.pitch - tonic) % 12, minlength=12) / len(score)
    scale = _DEGREE_SCALES["minor" if minor else "major"]
    ranked = np.sort(scores)[::-1]
    bass = np.bincount((view.bass.pitch - tonic) % 12, minlength=12) / max(len(view.bass.pitch), 1)
    return {
        **{f"degree_{name}": float(counts[at]) for at, name in enumerate(DEGREES)},
        "notes_in_scale": float(counts[scale].sum()),
        "pitch_class_entropy": entropy(counts),
        "pitch_classes": float((counts > 0).sum()),
        "key_clarity": float(ranked[0]),
        "key_margin": float(ranked[0] - ranked[1]),
        "is_minor": float(minor),
        "bass_on_tonic": float(bass[0]),
        "bass_on_dominant": float(bass[7]),
        "bass_pitch_class_entropy": entropy(bass),
    }


def _intervals(view: View) -> Values:
    """Shares of the interval classes of all pairs that sound together, and of moments with clashes."""
    rows = view.sounding
    counts = np.array([(rows[:, size:] & rows[:, :-size]).sum() for size in range(1, 37)], np.float64)
    classes = np.zeros(7)
    for size, count in enumerate(counts, start=1):
        classes[min(size % 12, 12 - size % 12)] += count
    shares = classes / max(classes.sum(), 1)
    clash: NDArray[np.bool_] = np.any(rows[:, 1:] & rows[:, :-1], 1) | np.any(rows[:, 13:] & rows[:, :-13], 1)
    several = np.flatnonzero(rows.sum(1) > 1)
    return {
        **{f"sounding_{name}": float(shares[at]) for at, name in enumerate(CLASSES)},
        "sounding_clashes": share(clash[several]),
        "close_bass": share(_lowest_gap(rows)[several] <= 4),
    }


def _lowest_gap(rows: NDArray[np.bool_]) -> Ints:
    """Semitones between the two lowest sounding notes of each moment; large where there is one."""
    lowest = rows.argmax(1)
    rest = rows.copy()
    rest[np.arange(len(rows)), lowest] = False
    return np.where(rest.any(1), rest.argmax(1) - lowest, 127)


def _chords(view: View) -> Values:
    moments = _pitch_classes(view.sounding)
    bits = moments @ (1 << np.arange(12))
    size = moments.sum(1)
    full = size >= 3
    smoothed = _smoothed(view)
    common = (smoothed[1:] & smoothed[:-1]).sum(1) / np.maximum((smoothed[1:] | smoothed[:-1]).sum(1), 1)
    return {
        "chords_triads": share(np.isin(bits[full], _TRIAD_MASKS)),
        "chords_sevenths": share(np.isin(bits[full], _SEVENTH_MASKS)),
        "moments_of_three_classes": share(full),
        "pitch_classes_per_moment": mean(size),
        "harmony_kept": mean(common),
        "chord_tone_share": _chord_tones(view),
        "distinct_harmonies": len(np.unique(bits)) / len(bits),
    }


def _pitch_classes(rows: NDArray[np.bool_]) -> Ints:
    """[moments, 12] 1 where a pitch class sounds."""
    padded = np.pad(rows, ((0, 0), (0, 4)))
    return np.asarray(padded.reshape(len(rows), 11, 12).any(1), np.int64)


def _smoothed(view: View) -> NDArray[np.bool_]:
    """The three to four pitch classes that sound most in each stretch of four pulses."""
    place = ((view.times - view.times[0]) // max(4 * view.pulse, 1)).astype(np.int64)
    _, place = np.unique(place, return_inverse=True)
    weights: Floats = np.zeros((int(place.max()) + 1, 12))
    np.add.at(weights, place, _pitch_classes(view.sounding))
    threshold = np.sort(weights, 1)[:, -4, None]
    return np.asarray((weights >= threshold) & (weights > 0), bool)


def _chord_tones(view: View) -> float:
    """Share of the melody's notes whose pitch class other voices have within the same four pulses."""
    score = view.score
    stretch = 4 * view.pulse
    own = np.isin(score.onset * 128 + score.pitch, view.melody.onset * 128 + view.melody.pitch)
    place = (score.onset // stretch).astype(np.int64)
    others: Ints = np.zeros((int(place.max()) + 1, 12), np.int64)
    np.add.at(others, (place[~own], score.pitch[~own] % 12), 1)
    rows = others[place[own]]
    accompanied = rows.any(1)
    return share(rows[np.arange(len(rows)), score.pitch[own] % 12][accompanied] > 0)
