"""The public C-RNN-GAN code's statistics of a piece, corrected or with its errors (references.md §1, §4)."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from euterpe_music.measures import NGRAM_SIZES, SCALES, scale_score
from euterpe_music.piece import Piece
from numpy.typing import NDArray

_TOP_INTERVALS: Final = 10
#: The legacy count of repetitions compares all pairs of positions; longer pieces are cut to this many tones.
_LEGACY_TONES: Final = 2000


@dataclass(frozen=True)
class Statistics:
    """The statistics of the reference code, under its names."""

    num_tones: int
    scale_score: float
    tone_min: int
    tone_max: int
    tone_span: int
    tones_unique: int
    #: By n; corrected: share of n-grams that occurred before; legacy: pairs of equal n-grams that do not overlap.
    repetitions: dict[int, float]
    #: Ticks of the quarter, between 0.75 and 1 of the notated one, that fits the onsets best, and their mean deviation.
    estimated_beat: int
    estimated_beat_avg_ticks_off: float
    intensity_span: int
    #: Share of onsets with more than one note; legacy: with notes counted twice.
    polyphony_score: float
    #: The ten commonest distances of adjacent onsets in ticks, with their shares.
    top_intervals: tuple[tuple[int, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "repetitions": {str(n): value for n, value in self.repetitions.items()}}


def statistics(piece: Piece, legacy: bool = False) -> Statistics | None:
    """Return the statistics of `piece`; None for one without notes.

    `legacy` reproduces the public code's errors, for comparison with its tables: scales on high roots miss the tones
    past the octave (no mod 12); repetitions are counted in pairs, so they grow with the square of the length; the first
    onset's event and every event's last note count twice for polyphony; the first interval is measured from tick 0.
    """
    notes = piece.notes
    if not len(notes):
        return None
    pitches, onsets = notes["pitch"].astype(np.int64), notes["onset"].astype(np.int64)
    beat, off = _beat(onsets, piece.ticks_per_quarter)
    return Statistics(
        num_tones=len(notes),
        scale_score=_legacy_scale_score(pitches) if legacy else scale_score(pitches),
        tone_min=int(pitches.min()),
        tone_max=int(pitches.max()),
        tone_span=int(np.ptp(pitches)),
        tones_unique=len(np.unique(pitches)),
        repetitions={n: _repetitions(pitches, n, legacy) for n in NGRAM_SIZES},
        estimated_beat=beat,
        estimated_beat_avg_ticks_off=off,
        intensity_span=int(np.ptp(notes["velocity"].astype(np.int64))),
        polyphony_score=_legacy_polyphony(onsets) if legacy else _polyphony(onsets),
        top_intervals=_intervals(onsets, legacy),
    )


def _legacy_scale_score(pitches: NDArray[np.int64]) -> float:
    classes = pitches % 12
    return float(max(np.isin(classes - root, scale).mean() for scale in SCALES.values() for root in range(12)))


def _repetitions(pitches: NDArray[np.int64], n: int, legacy: bool) -> float:
    if legacy:
        pitches = pitches[:_LEGACY_TONES]
    total = len(pitches) - n + 1
    if total < 2:
        return 0.0
    _, numbers = np.unique(np.lib.stride_tricks.sliding_window_view(pitches, n), axis=0, return_inverse=True)
    numbers = numbers.ravel()
    if not legacy:
        return 1 - (int(numbers.max()) + 1) / total
    # The reference's loops end one n-gram early in both indices, and need space for two.
    if len(pitches) // 2 <= n:
        return 0.0
    pairs = 0
    for later in range(n, len(pitches) - n):
        pairs += int((numbers[: min(later - n + 1, len(pitches) - 2 * n)] == numbers[later]).sum())
    return float(pairs)


def _polyphony(onsets: NDArray[np.int64]) -> float:
    _, counts = np.unique(onsets, return_counts=True)
    return float((counts > 1).mean())


def _legacy_polyphony(onsets: NDArray[np.int64]) -> float:
    single = several = tones = last = 0
    for onset in onsets.tolist():
        if onset == last:
            tones += 1
        else:
            single += tones == 1
            several += tones > 1
            tones = 1
        last = onset
        single += tones == 1
        several += tones > 1
    return several / (several + single) if several else 0.0


def _intervals(onsets: NDArray[np.int64], legacy: bool) -> tuple[tuple[int, float], ...]:
    distances = np.diff(onsets, prepend=0) if legacy else np.diff(np.unique(onsets))
    values, counts = np.unique(distances, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_TOP_INTERVALS]
    return tuple((int(values[at]), float(counts[at] / len(distances))) for at in order)


def _beat(onsets: NDArray[np.int64], ticks_per_quarter: int) -> tuple[int, float]:
    """Return the quarter, from 0.75 to 1 of the notated one, whose sixteenths fit the onsets best at some phase."""
    best, closest = ticks_per_quarter, float("inf")
    for quarter in range(ticks_per_quarter, int(0.75 * ticks_per_quarter), -1):
        sixteenth = quarter // 4
        if sixteenth < 1:
            continue
        counts = np.bincount(onsets % sixteenth, minlength=sixteenth)
        phases = np.arange(sixteenth)
        off = np.minimum(phases, sixteenth - phases)
        # Mean distance for every phase at once: a circular correlation.
        distances = np.fft.irfft(np.fft.rfft(off) * np.conj(np.fft.rfft(counts)), sixteenth) / len(onsets)
        if distances.min() < closest - 1e-9:
            best, closest = quarter, float(distances.min())
    return best, max(round(closest, 6), 0.0)
