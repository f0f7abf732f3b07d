"""Notes of many pieces in flat columns, so that one step of NumPy does what would take one per piece."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import NoteArray, Piece, bit_widths, packed

Column = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class NoteColumns:
    """The notes of several pieces, one after another.

    `piece` [notes] is the number of each note's piece, ascending; the other columns are those of `Piece.notes`
    without the track, `ticks_per_quarter` [pieces] is every piece's resolution.
    """

    ticks_per_quarter: Column
    piece: Column
    onset: Column
    duration: Column
    pitch: Column
    velocity: Column

    @classmethod
    def join(cls, notes: Sequence[NoteArray], ticks_per_quarter: Sequence[int]) -> "NoteColumns":
        """The notes of pieces, given as structured arrays that have at least an onset, duration, pitch and velocity."""
        number = np.repeat(np.arange(len(notes)), [len(each) for each in notes])
        columns = (
            np.concatenate([each[name] for each in notes], dtype=np.int64, casting="same_kind")
            for name in ("onset", "duration", "pitch", "velocity")
        )
        return cls(np.array(ticks_per_quarter, np.int64), number, *columns)

    @classmethod
    def of(cls, piece: Piece) -> "NoteColumns":
        """A single piece's notes."""
        return cls.join([piece.notes], [piece.ticks_per_quarter])

    def __len__(self) -> int:
        return len(self.piece)

    @property
    def offsets(self) -> Column:
        """Where the notes of each piece begin, and where the last one's end: [pieces + 1]."""
        return np.searchsorted(self.piece, np.arange(len(self.ticks_per_quarter) + 1))

    @property
    def end_ticks(self) -> Column:
        """For every piece the tick at which its last note ends; 0 without notes."""
        ends = np.zeros(len(self.ticks_per_quarter), np.int64)
        if len(self):
            first = np.flatnonzero(begins(self.piece))
            ends[self.piece[first]] = np.maximum.reduceat(self.onset + self.duration, first)
        return ends

    def kept(self, which: NDArray[np.bool_]) -> "NoteColumns":
        """The notes at which `which` [notes] is true."""
        if which.all():
            return self
        return NoteColumns(self.ticks_per_quarter, *(column.compress(which) for column in self._notes))

    def in_order(self) -> "NoteColumns":
        """Every piece's notes in order of onset, pitch, duration and velocity."""
        columns = (self.piece, self.onset, self.pitch, self.duration, self.velocity)
        piece, onset, pitch, duration, velocity = sorted_columns(columns)
        return NoteColumns(self.ticks_per_quarter, piece, onset, duration, pitch, velocity)

    def rescaled(self, ticks_per_quarter: int) -> "NoteColumns":
        """All pieces at one resolution; times are rounded, and no note becomes shorter than one tick."""
        if (self.ticks_per_quarter == ticks_per_quarter).all():
            return self
        ratio = (ticks_per_quarter / self.ticks_per_quarter)[self.piece]
        onset = np.rint(self.onset * ratio).astype(np.int64)
        duration = np.maximum(np.rint(self.duration * ratio), 1).astype(np.int64)
        same = np.full_like(self.ticks_per_quarter, ticks_per_quarter)
        return replace(self, ticks_per_quarter=same, onset=onset, duration=duration)

    @property
    def _notes(self) -> tuple[Column, ...]:
        return self.piece, self.onset, self.duration, self.pitch, self.velocity


def begins(*columns: Column) -> NDArray[np.bool_]:
    """Where in the columns, of equal length, a value differs from the one before; at the first always."""
    new = np.ones(len(columns[0]), bool)
    np.not_equal(columns[0][1:], columns[0][:-1], out=new[1:])
    for column in columns[1:]:
        new[1:] |= column[1:] != column[:-1]
    return new


def sorted_columns(columns: Sequence[Column]) -> Sequence[Column]:
    """Columns of equal length, sorted together by the first, then the second, and so on."""
    widths = bit_widths(columns)
    if widths is None:
        order = np.lexsort(columns[::-1])
        return [column[order] for column in columns]
    key = packed(columns, widths)
    # Notes come track by track, each in order of time, and merging a few runs is what this sort is best at.
    key.sort(kind="stable")
    apart = []
    for width in reversed(widths[1:]):
        apart.append(key & ((1 << width) - 1))
        key >>= width
    return [key, *reversed(apart)]
