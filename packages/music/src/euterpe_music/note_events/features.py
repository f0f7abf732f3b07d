"""Compute the network's inputs for arranged rows: the event, the clock, echoes of earlier bars, and conditions.

Row t's features describe the music after row t, and serve to predict row t + 1. Everything here can be computed from
the events so far, so that an engine can do the same step by step (`cursor_batch`).
"""

from dataclasses import dataclass, field

import numpy as np

from euterpe_music.note_events.arrange import COMPOSED, ROLE_COUNT, Gap, Rows, note_columns
from euterpe_music.note_events.instruments import DRUM_PART, PART_COUNT
from euterpe_music.note_events.piece import ORDER_SPAN, NotePiece, order_keys
from euterpe_music.note_events.spec import (
    BAR,
    COLUMN_SIZES,
    END,
    LENGTHS,
    MAX_BAR_TICKS,
    METER_TICKS,
    METERS,
    NO_CHORD,
    NONE,
    TEMPO_COUNT,
    TICKS_PER_QUARTER,
    UNKNOWN_KEY,
)

LAGS = (1, 2, 4, 8, 16)
# Two candidates a lag: the next event in order, and the next of the same part at a later position.
CANDIDATES = 2
CANDIDATE_COLUMNS = 4
ABSENT = END + 1
MAX_MATCH = 8
MAX_PARTS = 16
FRESH = MAX_BAR_TICKS
# Candidates of a bar before the start, and of one that holds no more notes.
NO_ECHO = (ABSENT, NONE, NONE, NONE)
BAR_ECHO = (BAR, NONE, NONE, NONE)
_HISTORY_BARS = max(LAGS)

SINCE_EDGES = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 192, 256])
LEFT_EDGES = np.array([*range(1, 17), 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 192, 256])
GAP_EDGES = np.array([*range(1, 9), 10, 12, 16, 24, 32])
DENSITY_EDGES = np.array([0.01, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0])
POLYPHONY_EDGES = np.array([0.01, 0.75, 1.25, 1.75, 2.5, 3.5, 4.5, 6.0, 8.0])
RANGE_STEP = 6
_RANGES = 128 // RANGE_STEP + 1

# Name and size of each feature; 0 means unknown or none for those marked in `OPTIONAL`.
FEATURES: tuple[tuple[str, int], ...] = (
    ("slot", COLUMN_SIZES[0]), ("part", COLUMN_SIZES[1]), ("pitch", COLUMN_SIZES[2]),
    ("length", COLUMN_SIZES[3]), ("velocity", COLUMN_SIZES[4]),
    ("role", ROLE_COUNT), ("pointer", MAX_BAR_TICKS + 1), ("phase", TICKS_PER_QUARTER + 1),
    ("meter", len(METERS)), ("tempo", TEMPO_COUNT), ("bar_phase", 16),
    ("since", len(SINCE_EDGES) + 1), ("left", len(LEFT_EDGES) + 2), ("gap", len(GAP_EDGES) + 2),
    ("held_low", 129), ("held_high", 129), ("held_count", 9), ("chord_size", 9),
    *((f"match_{lag}", MAX_MATCH + 1) for lag in LAGS),
    ("key", UNKNOWN_KEY + 1), ("density", len(DENSITY_EDGES) + 2), ("polyphony", len(POLYPHONY_EDGES) + 2),
    ("low", _RANGES + 1), ("high", _RANGES + 1), ("chord_1", NO_CHORD + 2), ("chord_2", NO_CHORD + 2),
)  # fmt: skip
FEATURE_NAMES = tuple(name for name, _ in FEATURES)
FEATURE_SIZES = tuple(size for _, size in FEATURES)
INDEX = {name: number for number, name in enumerate(FEATURE_NAMES)}
# Conditions of a bar that a request may leave open.
BAR_CONDITIONS = ("key", "density", "polyphony", "low", "high", "chord_1", "chord_2")
ECHO_SIZES = (ABSENT + 1, COLUMN_SIZES[1], COLUMN_SIZES[2], COLUMN_SIZES[3])
ECHO_COUNT = len(LAGS) * CANDIDATES


@dataclass(frozen=True)
class Features:
    """Inputs of n rows: `values` [n, features], `echoes` [n, lags x candidates, 4], all indices of embeddings."""

    values: np.ndarray
    echoes: np.ndarray


@dataclass(frozen=True)
class Known:
    """Which conditions are given to the network: the bars left, and the conditions of each bar by name."""

    left: bool = True
    conditions: frozenset[str] = field(default_factory=frozenset)


def features(
    piece: NotePiece, rows: Rows, *, known: Known, pool: np.ndarray | None = None, gaps: tuple[Gap, ...] = (),
    composed: np.ndarray | None = None,
) -> Features:  # fmt: skip
    """Compute the inputs of rows of a piece.

    `pool` marks the notes that may be echoed: those of the parts to be composed (default: all). `composed` marks the
    notes that density, polyphony and range describe (default: all).
    """
    pool = np.ones(len(piece.notes), dtype=bool) if pool is None else pool
    composed = np.ones(len(piece.notes), dtype=bool) if composed is None else composed
    values = np.zeros((len(rows), len(FEATURES)), dtype=np.int16)
    values[:, :5] = rows.columns
    values[:, 5] = rows.roles
    is_free = (rows.roles == COMPOSED) & (rows.notes >= 0)
    pointer = np.where(is_free, rows.columns[:, 0], FRESH).astype(np.int64)
    _clock(values, piece, rows, pointer, known, gaps)
    _held(values, piece, rows, pointer)
    values[:, INDEX["chord_size"]] = _chord_sizes(rows, is_free, pointer)
    echoes = _echoes(piece, rows, is_free, pointer, pool)
    first = INDEX["match_1"]
    for number in range(len(LAGS)):
        values[:, first + number] = _matches(rows, echoes[:, number * CANDIDATES], is_free)
    _conditions(values, piece, rows, composed, known)
    return Features(values, echoes)


def _clock(
    values: np.ndarray, piece: NotePiece, rows: Rows, pointer: np.ndarray, known: Known, gaps: tuple[Gap, ...]
) -> None:
    bars = rows.bars
    values[:, INDEX["pointer"]] = pointer
    values[:, INDEX["phase"]] = np.where(pointer == FRESH, TICKS_PER_QUARTER, pointer % TICKS_PER_QUARTER)
    values[:, INDEX["meter"]] = piece.bars["meter"][bars]
    values[:, INDEX["tempo"]] = piece.bars["tempo"][bars]
    values[:, INDEX["bar_phase"]] = bars % 16
    values[:, INDEX["since"]] = np.searchsorted(SINCE_EDGES, bars, side="right")
    if known.left:
        left = len(piece.bars) - 1 - bars
        values[:, INDEX["left"]] = 1 + np.searchsorted(LEFT_EDGES, left, side="right")
    for gap in gaps:
        inside = (bars >= gap.start) & (bars < gap.stop)
        if gap.ahead:
            values[inside, INDEX["gap"]] = 1 + np.searchsorted(GAP_EDGES, gap.stop - bars[inside], side="right")


def _held(values: np.ndarray, piece: NotePiece, rows: Rows, pointer: np.ndarray) -> None:
    """Fill in the lowest, highest and number of notes that began before the pointer and still sound at it."""
    starts = piece.bar_starts
    first, last = int(rows.bars.min()), int(rows.bars.max())
    origin, end = int(starts[first]), int(starts[last + 1])
    near = (piece.notes["bar"] >= first - 4) & (piece.notes["bar"] <= last) & (piece.notes["part"] != DRUM_PART)
    notes = piece.notes[near]
    onsets = piece.onsets[near] - origin
    ends = np.minimum(onsets + LENGTHS[notes["length"]], end - origin)
    begins = np.maximum(onsets + 1, 0)
    lows = np.zeros(end - origin + 1, dtype=np.int16)
    highs = np.zeros(end - origin + 1, dtype=np.int16)
    pitches = notes["pitch"].astype(np.int64) + 1
    order = np.argsort(pitches, kind="stable")
    spans = [(begin, stop, pitch) for begin, stop, pitch in zip(begins[order].tolist(), ends[order].tolist(), pitches[order].tolist(), strict=True) if stop > begin]  # fmt: skip  # noqa: E501
    for begin, stop, pitch in spans:
        highs[begin:stop] = pitch
    for begin, stop, pitch in reversed(spans):
        lows[begin:stop] = pitch
    counts = np.zeros(end - origin + 2, dtype=np.int64)
    if spans:
        edges = np.array(spans)
        np.add.at(counts, edges[:, 0], 1)
        np.add.at(counts, edges[:, 1], -1)
    counts = np.cumsum(counts)
    now = starts[rows.bars] - origin + np.where(pointer == FRESH, 0, pointer)
    values[:, INDEX["held_low"]] = lows[now]
    values[:, INDEX["held_high"]] = highs[now]
    values[:, INDEX["held_count"]] = np.minimum(counts[now], 8)


def _chord_sizes(rows: Rows, is_free: np.ndarray, pointer: np.ndarray) -> np.ndarray:
    """Return how many notes were composed at the pointer so far, at most 8."""
    sizes = np.zeros(len(rows), dtype=np.int64)
    index = np.flatnonzero(is_free)
    if len(index):
        moment = rows.bars[index].astype(np.int64) * 256 + pointer[index]
        is_new = np.concatenate([[True], moment[1:] != moment[:-1]])
        begin = np.maximum.accumulate(np.where(is_new, np.arange(len(index)), 0))
        sizes[index] = np.minimum(np.arange(len(index)) - begin + 1, 8)
    return sizes


def _echoes(piece: NotePiece, rows: Rows, is_free: np.ndarray, pointer: np.ndarray, pool: np.ndarray) -> np.ndarray:
    notes = piece.notes[pool]
    columns = note_columns(notes)[:, :CANDIDATE_COLUMNS]
    bars = notes["bar"].astype(np.int64)
    keys = bars * ORDER_SPAN + order_keys(notes)
    by_part, part_columns = _part_index(notes, columns)
    own = np.full(len(rows), -1, dtype=np.int64)
    composed = rows.notes[is_free]
    own[is_free] = order_keys(piece.notes[composed])
    part = np.full(len(rows), -1, dtype=np.int64)
    part[is_free] = piece.notes["part"][composed]
    part = _last_known(part)
    position = np.where(pointer == FRESH, -1, pointer)
    echoes = np.zeros((len(rows), ECHO_COUNT, CANDIDATE_COLUMNS), dtype=np.int16)
    for number, lag in enumerate(LAGS):
        past = rows.bars.astype(np.int64) - lag
        found = np.searchsorted(keys, past * ORDER_SPAN + own, side="right")
        echoes[:, number * CANDIDATES] = _candidate(columns, bars, found, past)
        wanted = _part_key(part, past, position + 1)
        found = np.searchsorted(by_part, wanted, side="left")
        is_same = (found < len(by_part)) & (by_part[np.minimum(found, len(by_part) - 1)] >> 40 == part) if len(by_part) else np.zeros(len(rows), dtype=bool)  # fmt: skip  # noqa: E501
        bar_of = (by_part >> 20) & 0xFFFFF
        candidate = _candidate(part_columns, np.where(True, bar_of, 0), np.where(is_same, found, len(by_part)), past)
        candidate[part < 0] = NO_ECHO
        echoes[:, number * CANDIDATES + 1] = candidate
    return echoes


def _part_index(notes: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keys = _part_key(notes["part"].astype(np.int64), notes["bar"].astype(np.int64), notes["position"].astype(np.int64))
    keys += 127 - notes["pitch"].astype(np.int64)
    order = np.argsort(keys, kind="stable")
    return keys[order], columns[order]


def _part_key(part: np.ndarray, bar: np.ndarray, position: np.ndarray) -> np.ndarray:
    return np.asarray((part << 40) + (np.maximum(bar, 0) << 20) + position * 128)


def _candidate(columns: np.ndarray, bars: np.ndarray, found: np.ndarray, past: np.ndarray) -> np.ndarray:
    """Return the columns of the notes found, a bar line where the past bar holds no more, ABSENT before the start."""
    candidates = np.zeros((len(found), CANDIDATE_COLUMNS), dtype=np.int16)
    candidates[:, 0] = BAR
    if len(bars):
        index = np.minimum(found, len(bars) - 1)
        is_there = (found < len(bars)) & (bars[index] == past)
        candidates[is_there] = columns[index[is_there]]
    candidates[past < 0] = NO_ECHO
    return candidates


def _last_known(values: np.ndarray) -> np.ndarray:
    index = np.maximum.accumulate(np.where(values >= 0, np.arange(len(values)), -1))
    return np.where(index >= 0, values[np.maximum(index, 0)], -1)


def _matches(rows: Rows, candidate: np.ndarray, is_free: np.ndarray) -> np.ndarray:
    """Return how many of the latest composed events were equal to the candidate before them, at most 8."""
    is_line = (rows.columns[:, 0] == BAR) & (rows.roles == COMPOSED)
    index = np.flatnonzero(is_free | is_line)
    counts = np.zeros(len(rows), dtype=np.int64)
    if not len(index):
        return counts
    before = candidate[np.maximum(index - 1, 0)]
    is_equal = (before[:, 0] == rows.columns[index, 0]) & (index > 0)
    is_note = is_free[index]
    is_equal &= ~is_note | ((before[:, 1:3] == rows.columns[index, 1:3]).all(axis=1))
    last_miss = np.maximum.accumulate(np.where(is_equal, -1, np.arange(len(index))))
    counts[index] = np.minimum(np.arange(len(index)) - last_miss, MAX_MATCH)
    marks = np.full(len(rows), -1, dtype=np.int64)
    marks[index] = counts[index]
    return np.asarray(np.maximum(_last_known(marks), 0))


def _conditions(values: np.ndarray, piece: NotePiece, rows: Rows, composed: np.ndarray, known: Known) -> None:
    table = bar_conditions(piece, composed)
    for name in BAR_CONDITIONS:
        values[:, INDEX[name]] = table[name][rows.bars] if name in known.conditions else 0
    if "key" not in known.conditions:
        values[:, INDEX["key"]] = UNKNOWN_KEY


def bar_conditions(piece: NotePiece, composed: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each bar's composed notes are like, as values of the features of the same names."""
    notes = piece.notes[composed]
    count = len(piece.bars)
    ticks = METER_TICKS[piece.bars["meter"]]
    onsets = np.bincount(notes["bar"], minlength=count)
    sounding = np.bincount(notes["bar"], np.minimum(LENGTHS[notes["length"]], 192), minlength=count)
    quarters = _smooth(ticks / TICKS_PER_QUARTER)
    density = _smooth(onsets) / quarters
    polyphony = _smooth(sounding) / _smooth(ticks)
    pitched = notes[notes["part"] != DRUM_PART]
    low = np.full(count, 128)
    high = np.full(count, -1)
    np.minimum.at(low, pitched["bar"], pitched["pitch"])
    np.maximum.at(high, pitched["bar"], pitched["pitch"])
    chords = piece.bars["chord"].astype(np.int64) + 1
    return {
        "key": piece.bars["key"],
        "density": 1 + np.searchsorted(DENSITY_EDGES, density, side="right"),
        "polyphony": 1 + np.searchsorted(POLYPHONY_EDGES, polyphony, side="right"),
        "low": np.where(high >= 0, 1 + np.minimum(low, 127) // RANGE_STEP, 0),
        "high": np.where(high >= 0, 1 + np.maximum(high, 0) // RANGE_STEP, 0),
        "chord_1": chords[:, 0],
        "chord_2": chords[:, 1],
    }


def _smooth(values: np.ndarray) -> np.ndarray:
    """Return sums over each bar and its neighbours."""
    return np.convolve(values.astype(np.float64), np.ones(3), mode="full")[1:-1]


def part_set(parts: np.ndarray) -> np.ndarray:
    """Return parts as indices of embeddings, filled up with `PART_COUNT` (none); at most `MAX_PARTS` are named."""
    filled = np.full(MAX_PARTS, PART_COUNT, dtype=np.int16)
    filled[: min(len(parts), MAX_PARTS)] = parts[:MAX_PARTS]
    return filled
