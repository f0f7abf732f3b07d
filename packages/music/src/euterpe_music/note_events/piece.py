"""A quantised piece: notes in canonical order and the properties of its bars."""

from dataclasses import dataclass, replace

import numpy as np

from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.spec import METER_TICKS, NO_CHORD, UNKNOWN_KEY

NOTE = np.dtype(
    [("bar", "<i4"), ("position", "u1"), ("part", "u1"), ("pitch", "u1"), ("length", "u1"), ("velocity", "u1")]
)
BAR_INFO = np.dtype(
    [("meter", "u1"), ("tempo", "u1"), ("key", "u1"), ("chord", "u1", (2,))]
)  # `chord`: of the bar's first and second half


@dataclass(frozen=True)
class NotePiece:
    """Notes (`NOTE`; bar and position in ticks, classes of length and velocity) and bars (`BAR_INFO`).

    Notes are sorted by bar, position, part, and pitch from high to low; none occurs twice. The pitch of the drum part
    is a key of the General MIDI drum kit.
    """

    notes: np.ndarray
    bars: np.ndarray
    has_dynamics: bool = True

    @property
    def bar_starts(self) -> np.ndarray:
        """The tick at which each bar starts, and the end of the last one."""
        return np.concatenate([[0], np.cumsum(METER_TICKS[self.bars["meter"]])])

    @property
    def onsets(self) -> np.ndarray:
        """The tick at which each note starts."""
        return np.asarray(self.bar_starts[self.notes["bar"]] + self.notes["position"])

    @property
    def parts(self) -> np.ndarray:
        """The parts that occur, ascending."""
        return np.unique(self.notes["part"])

    def with_notes(self, notes: np.ndarray) -> "NotePiece":
        """Return the piece with other notes, which are brought into canonical order."""
        return replace(self, notes=canonical(notes))

    def transposed(self, semitones: int) -> "NotePiece":
        """Return the piece in another key. Raises ValueError where a pitch would leave MIDI's range."""
        notes, bars = self.notes.copy(), self.bars.copy()
        pitched = notes["part"] != DRUM_PART
        pitches = notes["pitch"][pitched].astype(np.int64) + semitones
        if pitches.size and not 0 <= pitches.min() <= pitches.max() < 128:
            raise ValueError(f"transposed by {semitones}, pitches reach from {pitches.min()} to {pitches.max()}")
        notes["pitch"][pitched] = pitches
        bars["key"] = _shifted(bars["key"], semitones, UNKNOWN_KEY)
        bars["chord"] = _shifted(bars["chord"], semitones, NO_CHORD)
        return replace(self, notes=notes, bars=bars)


def repeat_gaps(notes: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    """Return the ticks from each note to the next one of its part and pitch; the largest integer after the last one."""
    order = np.lexsort((onsets, notes["pitch"], notes["part"]))
    voice = (notes["part"].astype(np.int64) * 128 + notes["pitch"])[order]
    is_repeated = voice[1:] == voice[:-1]
    gaps = np.full(len(notes), np.iinfo(np.int64).max)
    gaps[order[:-1][is_repeated]] = np.diff(onsets[order])[is_repeated]
    return gaps


def _shifted(values: np.ndarray, semitones: int, unknown: int) -> np.ndarray:
    wide = values.astype(np.int64)
    return np.where(wide == unknown, unknown, wide // 12 * 12 + (wide + semitones) % 12)


# What a step of part and of position adds to the number that sorts notes within a bar, and the numbers of a bar.
PART_SPAN = 128
POSITION_SPAN = 256 * PART_SPAN
ORDER_SPAN = 256 * POSITION_SPAN


def order_keys(notes: np.ndarray) -> np.ndarray:
    """Return a number for each note that sorts notes within a bar: position, part, pitch from high to low."""
    return np.asarray(
        notes["position"].astype(np.int64) * POSITION_SPAN
        + notes["part"].astype(np.int64) * PART_SPAN
        + (127 - notes["pitch"].astype(np.int64))
    )


def canonical(notes: np.ndarray) -> np.ndarray:
    """Sort notes canonically and keep the longest of equal ones."""
    keys = notes["bar"].astype(np.int64) * ORDER_SPAN + order_keys(notes)
    order = np.lexsort((-notes["length"].astype(np.int64), keys))
    keys = keys[order]
    first = np.concatenate([[True], keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, dtype=bool)
    return np.asarray(notes[order[first]])
