"""A track on a grid: notes, chords and rests in sequence, without overlaps, as both encodings represent them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.piece import NoteArray
from euterpe_music.tokens.symbols import Pitches, from_symbol, to_symbol

#: Steps per quarter of encoding 1: sixteenths.
SIXTEENTHS: Final = 4
#: Steps per quarter of encoding 2: sixteenths and triplets of eighths and sixteenths are all whole.
FINE: Final = 24
#: A note this near to a step, in steps, counts as on it: annotated beats are that exact.
_TOLERANCE: Final = 0.05


@dataclass(frozen=True)
class QuantizationLoss:
    """What quantization loses of a track's notes; counts are summed over tracks and songs."""

    notes: int = 0
    #: Notes whose onset was moved, and by how many quarters in sum.
    moved: int = 0
    moved_quarters: float = 0.0
    #: Notes whose length changed by rounding.
    resized: int = 0
    #: Notes ended early, because the next one of the track begins.
    cut: int = 0
    #: Notes that fell on another note, and notes of chords that changed their octave or doubled another.
    merged: int = 0
    revoiced: int = 0

    def __add__(self, other: "QuantizationLoss") -> "QuantizationLoss":
        return QuantizationLoss(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def to_dict(self) -> dict[str, float]:
        """Plain values, for reports."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class QuantizedTrack:
    """Notes and chords in sequence: `onsets` and `lengths` in steps, `pitches` ascending; `end` is the track's end.

    Gaps between notes, before the first and up to `end` are rests. Raises ValueError for notes that overlap.
    """

    onsets: tuple[int, ...]
    lengths: tuple[int, ...]
    pitches: tuple[Pitches, ...]
    end: int
    steps_per_quarter: int = SIXTEENTHS

    def __post_init__(self) -> None:
        now = 0
        for onset, length, pitches in zip(self.onsets, self.lengths, self.pitches, strict=True):
            if onset < now or length < 1 or not pitches:
                raise ValueError(f"the note at step {onset} overlaps another, or is empty")
            now = onset + length
        if self.end < now:
            raise ValueError(f"the track ends at step {self.end}, before its last note at {now}")

    def __len__(self) -> int:
        return len(self.onsets)

    def canonical(self) -> "QuantizedTrack":
        """Return the track with each chord voiced as its token is decoded."""
        return replace(self, pitches=tuple(from_symbol(to_symbol(pitches)) for pitches in self.pitches))

    def with_rests(self) -> list[tuple[int, Pitches]]:
        """Return (length, pitches) of every note, chord and rest, without gaps, from step 0 to `end`."""
        rows: list[tuple[int, Pitches]] = []
        now = 0
        for onset, length, pitches in zip(self.onsets, self.lengths, self.pitches, strict=True):
            if onset > now:
                rows.append((onset - now, ()))
            rows.append((length, pitches))
            now = onset + length
        if self.end > now:
            rows.append((self.end - now, ()))
        return rows

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, Pitches]], steps_per_quarter: int = SIXTEENTHS) -> "QuantizedTrack":
        """Build a track from rows; the inverse of `with_rests`."""
        onsets, lengths, sounding = [], [], []
        now = 0
        for length, pitches in rows:
            if pitches:
                onsets.append(now)
                lengths.append(length)
                sounding.append(pitches)
            now += length
        return cls(tuple(onsets), tuple(lengths), tuple(sounding), now, steps_per_quarter)

    def transposed(self, semitones: int) -> "QuantizedTrack":
        """Return the track with every note moved; the caller keeps pitches within 0..127."""
        return replace(self, pitches=tuple(tuple(pitch + semitones for pitch in each) for each in self.pitches))

    def to_sixteenths(self) -> "QuantizedTrack":
        """Return the track on the grid of sixteenths, on which conditioning features are defined."""
        per_sixteenth = self.steps_per_quarter // SIXTEENTHS
        if per_sixteenth == 1:
            return self
        counts = [len(each) for each in self.pitches]
        onset, length = (
            np.repeat(np.array(each, np.float64), counts) / per_sixteenth for each in (self.onsets, self.lengths)
        )
        pitch = np.array([pitch for each in self.pitches for pitch in each], np.int64)
        return quantize_times(onset, length, pitch, SIXTEENTHS, -(-self.end // per_sixteenth))[0]

    def window(self, start: int, stop: int) -> "QuantizedTrack":
        """Return steps start..stop, counted from 0; a note that sounds across a border is cut there."""
        onsets, lengths, sounding = [], [], []
        for onset, length, pitches in zip(self.onsets, self.lengths, self.pitches, strict=True):
            first, last = max(onset, start), min(onset + length, stop)
            if first < last:
                onsets.append(first - start)
                lengths.append(last - first)
                sounding.append(pitches)
        return QuantizedTrack(tuple(onsets), tuple(lengths), tuple(sounding), stop - start, self.steps_per_quarter)


def quantize(
    notes: NoteArray,
    ticks_per_quarter: int,
    steps_per_quarter: int = SIXTEENTHS,
    end: int | None = None,
) -> tuple[QuantizedTrack, QuantizationLoss]:
    """Quantize the notes of one track, and count what that loses.

    Onsets and lengths go to the nearest step, lengths to at least one. Notes of one onset make one chord, which lasts
    as long as its longest note, or until the next onset. `end` in steps is where the track ends, if later.
    """
    ratio = steps_per_quarter / ticks_per_quarter
    return quantize_times(notes["onset"] * ratio, notes["duration"] * ratio, notes["pitch"], steps_per_quarter, end)


def quantize_times(
    onset: NDArray[Any],
    length: NDArray[Any],
    pitch: NDArray[Any],
    steps_per_quarter: int = SIXTEENTHS,
    end: int | None = None,
) -> tuple[QuantizedTrack, QuantizationLoss]:
    """Quantize times that are counted in steps, with fractions; for corpora with annotated beats."""
    if not len(onset):
        return QuantizedTrack((), (), (), end or 0, steps_per_quarter), QuantizationLoss()
    steps = np.rint(onset).astype(np.int64)
    lengths = np.maximum(np.rint(length), 1).astype(np.int64)
    starts = np.unique(steps)
    room = np.diff(starts, append=np.iinfo(np.int64).max)
    sizes: list[int] = []
    sounding: list[Pitches] = []
    cut = merged = revoiced = 0
    order = np.argsort(steps, kind="stable")
    groups = np.split(order, np.searchsorted(steps[order], starts[1:]))
    for here, space in zip(groups, room.tolist(), strict=True):
        longest = int(lengths[here].max())
        pitches = tuple(sorted(set(pitch[here].tolist())))
        cut += int((lengths[here] > space).sum())
        merged += len(here) - len(pitches)
        revoiced += len(set(pitches) - set(from_symbol(to_symbol(pitches))))
        sizes.append(min(longest, space))
        sounding.append(pitches)
    off = np.abs(onset - steps)
    loss = QuantizationLoss(
        notes=len(onset),
        moved=int((off > _TOLERANCE).sum()),
        moved_quarters=float(off.sum() / steps_per_quarter),
        resized=int((np.abs(length - lengths) > _TOLERANCE).sum()),
        cut=cut,
        merged=merged,
        revoiced=revoiced,
    )
    last = int(starts[-1]) + sizes[-1]
    slices = QuantizedTrack(
        tuple(starts.tolist()), tuple(sizes), tuple(sounding), max(last, end or 0), steps_per_quarter
    )  # fmt: skip
    return slices, loss
