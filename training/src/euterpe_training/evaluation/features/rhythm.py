"""Rhythmic features. All times are relative to the pulse, so that tempo and notation do not matter."""

from typing import Final

import numpy as np

from euterpe_training.evaluation.features.view import Floats, Line, Values, View, entropy, mean, share, value_entropy

#: Upper edges of the classes of times in pulses; the last class is open.
CLASSES: Final = (0.4, 0.6, 0.9, 1.1, 1.6, 2.4, 4.5)
CLASS_NAMES: Final = (
    "under_0.4", "about_0.5", "under_0.9", "about_1", "under_1.6", "about_2", "under_4.5", "from_4.5",
)  # fmt: skip
#: Lags of the autocorrelations, in pulses.
LAGS: Final = (2, 3, 4, 6, 8, 12, 16, 32)
_STEPS_PER_PULSE: Final = 4
_RATIOS: Final = {"equal": 1.0, "double": 2.0, "triple": 3.0, "dotted": 1.5}


def rhythm_features(view: View) -> Values:
    """Times between onsets, durations, rests and periodicity."""
    return {**_gaps(view), **_durations(view), **_periodicity(view)}


def _gaps(view: View) -> Values:
    relative = view.gaps / view.pulse
    log_ratio = np.abs(np.diff(np.log(relative)))
    values = {f"onset_gap_{name}": part for name, part in zip(CLASS_NAMES, _classes(relative), strict=True)}
    for name, ratio in _RATIOS.items():
        values[f"successive_gaps_{name}"] = share(np.abs(log_ratio - np.log(ratio)) < 0.05)
    distinct, counts = np.unique(view.gaps, return_counts=True)
    return values | {
        "onset_gap_entropy": entropy(counts),
        "onset_gap_distinct": float(len(distinct)),
        "onset_gap_commonest": float(counts.max() / counts.sum()),
        "onset_gap_spread": float(np.log(relative).std()),
        "onset_gap_variability": mean(np.abs(np.diff(relative)) / (relative[1:] + relative[:-1])),
        "onset_gap_shortest": float(relative.min()),
    }


def _durations(view: View) -> Values:
    score = view.score
    relative = score.duration / view.pulse
    values = {f"duration_{name}": part for name, part in zip(CLASS_NAMES, _classes(relative), strict=True)}
    end = np.maximum.accumulate(score.end)
    last = np.cumsum(view.counts) - 1
    rests = np.maximum(view.times[1:] - end[last[:-1]], 0)
    span = max(int(view.times[-1] - view.times[0]), 1)
    melody, bass = _articulation(view.melody), _articulation(view.bass)
    return values | {
        "duration_entropy": value_entropy(score.duration),
        "duration_distinct": float(len(np.unique(score.duration))),
        "duration_spread": float(np.log(relative).std()),
        "duration_longest": float(np.log(relative.max())),
        "duration_equal_in_chord": _equal_in_chord(view),
        "rest_time": float(rests.sum() / span),
        "rests": share(rests > 0),
        "longest_rest": float(np.log1p(rests.max() / view.pulse)),
        "melody_articulation": mean(np.minimum(melody, 3)),
        "melody_legato": share(np.abs(melody - 1) < 0.02),
        "melody_overlaps": share(melody > 1.02),
        "bass_articulation": mean(np.minimum(bass, 3)),
        "bass_legato": share(np.abs(bass - 1) < 0.02),
        "bass_overlaps": share(bass > 1.02),
        "melody_to_bass_duration": float(np.log(mean(view.melody.duration) / mean(view.bass.duration))),
    }


def _periodicity(view: View) -> Values:
    """Autocorrelations of onsets and of pitch classes on a grid of quarter pulses."""
    step = view.pulse / _STEPS_PER_PULSE
    places = np.rint((view.times - view.times[0]) / step).astype(np.int64)
    length = min(int(places[-1]) + 1, 4096)
    inside = places < length
    onsets = np.zeros(length)
    np.add.at(onsets, places[inside], np.sqrt(view.counts[inside]))
    chroma = np.zeros((12, length))
    notes = np.repeat(places, view.counts)
    kept = notes < length
    np.add.at(chroma, (view.score.pitch[kept] % 12, notes[kept]), 1.0)
    rhythm = _autocorrelation(onsets[None])
    harmony = _autocorrelation(chroma)
    values: Values = {}
    for lag in LAGS:
        at = lag * _STEPS_PER_PULSE
        values[f"onset_periodicity_{lag}"] = float(rhythm[at]) if at < len(rhythm) else 0.0
        values[f"pitch_class_periodicity_{lag}"] = float(harmony[at]) if at < len(harmony) else 0.0
    tail = slice(2 * _STEPS_PER_PULSE, 64 * _STEPS_PER_PULSE)
    values["onset_periodicity_best"] = float(rhythm[tail].max()) if len(rhythm[tail]) else 0.0
    values["pitch_class_periodicity_best"] = float(harmony[tail].max()) if len(harmony[tail]) else 0.0
    values["onsets_on_pulse"] = share(places % _STEPS_PER_PULSE == np.bincount(places % _STEPS_PER_PULSE).argmax())
    return values


def _autocorrelation(rows: Floats) -> Floats:
    """Mean over rows' products with themselves, lag by lag, normalised to 1 at lag 0 and by overlap."""
    length = rows.shape[1]
    size = 1 << (2 * length - 1).bit_length()
    spectrum = np.fft.rfft(rows, size)
    raw = np.fft.irfft((spectrum * spectrum.conj()).sum(0), size)[:length]
    overlap = 1 - np.arange(length) / length
    half = length // 2 + 1
    return np.asarray((raw / max(float(raw[0]), 1e-9) / overlap)[:half], np.float64)


def _classes(relative: Floats) -> list[float]:
    counts = np.bincount(np.searchsorted(CLASSES, relative), minlength=len(CLASS_NAMES))
    return [float(count / len(relative)) for count in counts]


def _articulation(line: Line) -> Floats:
    """Duration over the time to the voice's next onset."""
    return np.asarray(line.duration[:-1] / np.diff(line.onset), np.float64)


def _equal_in_chord(view: View) -> float:
    """Share of onsets with several notes at which all have the same duration."""
    first = np.cumsum(view.counts) - view.counts
    low, high = (np.asarray(ufunc.reduceat(view.score.duration, first)) for ufunc in (np.minimum, np.maximum))
    return share((low == high)[view.counts > 1])
