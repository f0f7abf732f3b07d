"""Estimate keys and chords of pieces, and the length of a pickup, where nothing states them."""

from itertools import pairwise

import numpy as np

from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import LENGTHS, METER_TICKS, NO_CHORD, UNKNOWN_KEY

# Key profiles after Temperley, "What's Key for Key?" (1999), table 1: major, then minor.
_PROFILES = np.array(
    [
        [5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0],
        [5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0],
    ]
)
_SCALES = np.array([[1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], [1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1]], dtype=bool)
_CHORD_TONES = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10), (0, 3, 6), (0, 4, 8), (0, 5, 7))
_CHORD_FIT = 0.7
_SEVENTH_COST = 0.06
_BASS_BONUS = 0.15
_LONG_NOTE_TICKS = 48
_FINAL_BONUS = 0.1
_SIGNATURE_TOLERANCE = 0.04


def _rotations(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([[np.roll(row, tonic) for tonic in range(12)] for row in rows])


def _chord_templates() -> np.ndarray:
    rows = np.zeros((len(_CHORD_TONES), 12), dtype=bool)
    for row, tones in zip(rows, _CHORD_TONES, strict=True):
        row[list(tones)] = True
    return _rotations(rows)


_KEY_PROFILES = _rotations((_PROFILES - _PROFILES.mean(axis=1, keepdims=True)) / _PROFILES.std(axis=1, keepdims=True))
_KEY_SCALES = _rotations(_SCALES)
_CHORDS = _chord_templates()
_ROOTS = np.tile(np.arange(12), len(_CHORD_TONES))
_HAS_SEVENTH = np.repeat([len(tones) == 4 for tones in _CHORD_TONES], 12)


def pitch_class_weights(piece: NotePiece, edges: np.ndarray) -> np.ndarray:
    """Return how long each pitch class sounds between successive edges (in ticks): [segments, 12]."""
    pitched = piece.notes["part"] != DRUM_PART
    onsets = piece.onsets[pitched]
    ends = np.minimum(onsets + LENGTHS[piece.notes["length"][pitched]], edges[-1])
    classes = piece.notes["pitch"][pitched] % 12
    first = np.searchsorted(edges, onsets, side="right") - 1
    count = np.maximum(np.searchsorted(edges, ends, side="left") - first, 1)
    index = np.repeat(np.arange(len(onsets)), count)
    segment = first[index] + np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    inside = (segment >= 0) & (segment < len(edges) - 1)
    index, segment = index[inside], segment[inside]
    overlap = np.minimum(ends[index], edges[segment + 1]) - np.maximum(onsets[index], edges[segment])
    weights = np.zeros((len(edges) - 1, 12))
    np.add.at(weights, (segment, classes[index]), np.maximum(overlap, 0))
    return weights


def estimate_key(weights: np.ndarray, final_bass: int | None = None, allowed: np.ndarray | None = None) -> int:
    """Return the key (0-11 major, 12-23 minor) that suits a pitch-class distribution; `UNKNOWN_KEY` for silence.

    `final_bass` is the pitch class of the last bass note, `allowed` a mask of the 24 keys.
    """
    if not weights.any():
        return UNKNOWN_KEY
    scores = _key_scores(weights)
    if final_bass is not None:
        scores[[final_bass, 12 + final_bass]] += _FINAL_BONUS
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    return int(scores.argmax())


def _key_scores(weights: np.ndarray) -> np.ndarray:
    normal = (weights - weights.mean()) / max(weights.std(), 1e-9)
    return np.asarray(_KEY_PROFILES @ normal / 12)


def keys_of_bars(piece: NotePiece, signatures: list[tuple[int, int]]) -> np.ndarray:
    """Return the key of each bar from key signatures (tick, sharps), or estimated where they are not believable.

    A signature is believed where its scale covers the notes almost as well as the best scale does; the notes then
    choose between its major and its minor key, since many files state the wrong one.
    """
    starts = piece.bar_starts
    bounds = sorted({0, *(int(np.searchsorted(starts, tick)) for tick, _ in signatures)} | {len(piece.bars)})
    keys = np.full(len(piece.bars), UNKNOWN_KEY, dtype=np.int64)
    for begin, end in pairwise(bounds):
        stated = [sharps for tick, sharps in signatures if np.searchsorted(starts, tick) <= begin]
        edges = starts[begin : end + 1]
        if len(edges) < 2:
            continue
        weights = pitch_class_weights(piece, edges).sum(axis=0)
        bass = _final_bass(piece, begin, end)
        keys[begin:end] = _key_with_signature(weights, bass, stated[-1] if stated else None)
    return keys


def _key_with_signature(weights: np.ndarray, bass: int | None, sharps: int | None) -> int:
    free = estimate_key(weights, bass)
    if sharps is None or free == UNKNOWN_KEY:
        return free
    tonic = sharps * 7 % 12
    allowed = np.zeros(24, dtype=bool)
    allowed[[tonic, 12 + (tonic + 9) % 12]] = True
    covered = (_KEY_SCALES * weights).sum(axis=1) / weights.sum()
    if covered[allowed].max() < covered[free] - _SIGNATURE_TOLERANCE:
        return free
    return estimate_key(weights, bass, allowed)


def _final_bass(piece: NotePiece, begin: int, end: int) -> int | None:
    chosen = piece.notes[(piece.notes["bar"] >= begin) & (piece.notes["bar"] < end)]
    chosen = chosen[chosen["part"] != DRUM_PART]
    if not len(chosen):
        return None
    last = chosen[(chosen["bar"] == chosen["bar"][-1]) & (chosen["position"] == chosen["position"][-1])]
    return int(last["pitch"].min()) % 12


def chords_of_bars(piece: NotePiece) -> np.ndarray:
    """Estimate the chord of each half bar: [bars, 2], `NO_CHORD` where no chord explains the notes."""
    starts = piece.bar_starts
    middles = starts[:-1] + np.diff(starts) // 2
    edges = np.append(np.stack([starts[:-1], middles], axis=1).ravel(), starts[-1])
    weights = pitch_class_weights(piece, edges)
    return match_chords(weights, _bass_classes(piece, edges)).reshape(-1, 2)


def match_chords(weights: np.ndarray, bass: np.ndarray) -> np.ndarray:
    """Match pitch-class weights [segments, 12] and bass pitch classes (-1: none) with chords."""
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.maximum(total, 1e-9)
    fit = share @ _CHORDS.T
    presence = np.minimum(share, 0.2) @ _CHORDS.T * 0.5
    score = fit + presence - _SEVENTH_COST * _HAS_SEVENTH + _BASS_BONUS * (bass[:, None] == _ROOTS)
    best = score.argmax(axis=1)
    is_clear = (total[:, 0] > 0) & (fit[np.arange(len(best)), best] >= _CHORD_FIT)
    is_clear &= ((share > 0.08) & _CHORDS[best]).sum(axis=1) >= 2
    return np.where(is_clear, best, NO_CHORD)


def _bass_classes(piece: NotePiece, edges: np.ndarray) -> np.ndarray:
    pitched = piece.notes["part"] != DRUM_PART
    segment = np.searchsorted(edges, piece.onsets[pitched], side="right") - 1
    lowest = np.full(len(edges) - 1, 128)
    inside = segment < len(lowest)
    np.minimum.at(lowest, segment[inside], piece.notes["pitch"][pitched][inside])
    return np.where(lowest < 128, lowest % 12, -1)


def estimate_pickup(piece: NotePiece, step: int = 12) -> int:
    """Return the ticks of the pickup that the first bar's time signature hides, 0 where there is none.

    Long notes, bass notes and changes of harmony mark bar lines: the shift that puts most of them there is chosen, if
    it is clearly better than none. Meant for pieces of one meter.
    """
    bar_ticks = int(METER_TICKS[piece.bars["meter"]][0])
    onsets, weights = _accents(piece)
    profile = np.bincount(onsets % bar_ticks, weights, bar_ticks)[::step]
    counts = profile / max(profile.sum(), 1e-9)
    best = int(counts.argmax())
    if best and counts[best] > 1.4 * counts[0] + 0.05:
        return best * step
    return 0


def _accents(piece: NotePiece) -> tuple[np.ndarray, np.ndarray]:
    onsets, notes = piece.onsets, piece.notes
    lengths = np.minimum(LENGTHS[notes["length"]], _LONG_NOTE_TICKS) / _LONG_NOTE_TICKS
    times, index = np.unique(onsets, return_inverse=True)
    lowest = np.full(len(times), 128)
    np.minimum.at(lowest, index, notes["pitch"])
    bass_jumps = np.abs(np.diff(lowest, prepend=lowest[:1])) > 2
    weights = np.bincount(index, lengths**2, len(times))
    return times, weights + 0.3 * bass_jumps
