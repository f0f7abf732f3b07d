"""Order a piece's notes as the network reads and writes them: given notes ahead of composed ones.

Every bar begins with its bar line. Then follow, where the bar opens a gap, the bars behind the gap ("future" rows),
then the notes of this bar that are given, and last the notes to be composed, from the bar's start again. The network so
knows what is fixed before it writes, with a state of fixed size (compare the anticipation of Thickstun et al. 2023,
"Anticipatory Music Transformer").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.piece import NotePiece, order_keys
from euterpe_music.note_events.spec import (
    BAR,
    DRUM_KEYS,
    DRUM_OFFSET,
    END,
    METER_OFFSET,
    NONE,
    PART_OFFSET,
    PITCH_OFFSET,
    TEMPO_OFFSET,
)

# Roles of rows. Future rows are FUTURE + the distance in bars from the gap's end, counted from 0.
COMPOSED = 0
GIVEN = 1
FUTURE = 2
MAX_FUTURE_BARS = 4
ROLE_COUNT = FUTURE + MAX_FUTURE_BARS

_LINE, _AHEAD, _FIXED, _FREE = range(4)


@dataclass(frozen=True)
class Gap:
    """Bars `start` to `stop` (exclusive) composed between fixed bars, of which `ahead` are shown in advance."""

    start: int
    stop: int
    ahead: int


@dataclass(frozen=True)
class Rows:
    """A sequence of events: `columns` [n, 5] (see `spec`), and per row its role, bar, and note (-1 for bar lines)."""

    columns: np.ndarray
    roles: np.ndarray
    bars: np.ndarray
    notes: np.ndarray

    def __len__(self) -> int:
        return len(self.roles)


def note_columns(notes: np.ndarray) -> np.ndarray:
    """Return the five columns of notes: [n, 5]."""
    is_drum = notes["part"] == DRUM_PART
    pitch = notes["pitch"].astype(np.int64)
    columns = np.empty((len(notes), 5), dtype=np.int16)
    columns[:, 0] = notes["position"]
    columns[:, 1] = PART_OFFSET + notes["part"].astype(np.int64)
    columns[:, 2] = np.where(is_drum, DRUM_OFFSET + pitch - DRUM_KEYS.start, PITCH_OFFSET + pitch)
    columns[:, 3] = 1 + notes["length"].astype(np.int64)
    columns[:, 4] = 1 + notes["velocity"].astype(np.int64)
    return columns


def bar_columns(bars: np.ndarray) -> np.ndarray:
    """Return the five columns of bar lines: [n, 5]."""
    columns = np.full((len(bars), 5), NONE, dtype=np.int16)
    columns[:, 0] = BAR
    columns[:, 1] = METER_OFFSET + bars["meter"].astype(np.int64)
    columns[:, 2] = TEMPO_OFFSET + bars["tempo"].astype(np.int64)
    return columns


def arrange(
    piece: NotePiece,
    start: int = 0,
    stop: int | None = None,
    *,
    given: np.ndarray | None = None,
    gaps: Sequence[Gap] = (),
) -> Rows:
    """Order bars `start` to `stop` (exclusive) of a piece. The end of the piece is marked where it is reached.

    `given` marks the notes that are fixed, wherever they are; notes outside gaps that belong to bars shown in advance
    are fixed, too. Gaps must not overlap, nor reach into bars that an earlier gap shows.
    """
    total = len(piece.bars)
    stop = total if stop is None else stop
    inside = (piece.notes["bar"] >= start) & (piece.notes["bar"] < stop)
    numbers = np.flatnonzero(inside)
    notes = piece.notes[inside]
    is_locked = np.zeros(total + 1, dtype=bool)
    for gap in gaps:
        is_locked[gap.stop : gap.stop + gap.ahead] = True
    is_given = is_locked[notes["bar"]]
    if given is not None:
        is_given |= given[inside]
    lines = np.arange(start, stop)
    # A bar line ends the bar before it: nothing is composed in a locked bar, not even its end.
    line_roles = np.where(is_locked[np.maximum(lines - 1, 0)] & (lines > 0), GIVEN, COMPOSED)
    none = np.full(len(lines), -1)
    blocks = [
        _block(bar_columns(piece.bars[start:stop]), line_roles, lines, none, _LINE, np.zeros(len(lines))),
        _block(note_columns(notes), np.where(is_given, GIVEN, COMPOSED), notes["bar"], numbers,
               np.where(is_given, _FIXED, _FREE), order_keys(notes)),
    ]  # fmt: skip
    blocks += [_future(piece, gap) for gap in gaps if gap.ahead]
    if stop == total:
        end = np.array([[END, NONE, NONE, NONE, NONE]], dtype=np.int16)
        blocks.append(_block(end, np.array([COMPOSED]), np.array([total]), np.array([-1]), _LINE, np.zeros(1)))
    columns, roles, bars, rows, phases, orders = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    order = np.lexsort((orders, phases, bars))
    # The end closes the last bar, it opens none.
    bars = np.minimum(bars, total - 1)
    return Rows(
        columns[order], roles[order].astype(np.int8), bars[order].astype(np.int32), rows[order].astype(np.int64)
    )


def _block(
    columns: np.ndarray,
    roles: np.ndarray,
    bars: np.ndarray,
    notes: np.ndarray,
    phase: "int | np.ndarray",
    order: np.ndarray,
) -> tuple[np.ndarray, ...]:
    count = len(columns)
    return (
        columns,
        roles,
        np.asarray(bars, dtype=np.int64),
        notes,
        np.broadcast_to(phase, count),
        order.astype(np.int64),
    )


def _future(piece: NotePiece, gap: Gap) -> tuple[np.ndarray, ...]:
    """Return the rows of the bars behind a gap, placed after the bar line of the gap's first bar."""
    bars = np.arange(gap.stop, min(gap.stop + gap.ahead, len(piece.bars)))
    inside = (piece.notes["bar"] >= gap.stop) & (piece.notes["bar"] < gap.stop + gap.ahead)
    notes = piece.notes[inside]
    columns = np.concatenate([bar_columns(piece.bars[bars]), note_columns(notes)])
    distance = np.concatenate([bars, notes["bar"]]) - gap.stop
    span = np.int64(1) << 40
    order = np.concatenate([distance[: len(bars)] * span - 1, distance[len(bars) :] * span + order_keys(notes)])
    return _block(
        columns, FUTURE + distance, np.full(len(columns), gap.start), np.full(len(columns), -1), _AHEAD, order
    )
