"""The piece of music that everything else in this package reads or makes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: One row per note: onset and duration in ticks, pitch and velocity as MIDI numbers, index into `Piece.tracks`.
NOTE_DTYPE = np.dtype(
    [("onset", np.int64), ("duration", np.int64), ("pitch", np.uint8), ("velocity", np.uint8), ("track", np.uint16)]
)
#: The order in which notes are kept, most significant field first.
NOTE_ORDER = ("onset", "pitch", "duration", "velocity", "track")
DEFAULT_BPM = 120.0

NoteArray = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Track:
    """What a track sounds like: a General MIDI program (0..127), or the drum kit of channel 10."""

    program: int = 0
    is_drum: bool = False


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo in quarters per minute that holds from `tick` on."""

    tick: int
    bpm: float


@dataclass(frozen=True, slots=True, eq=False)
class TempoMap:
    """From ticks to seconds: first tick of every tempo, seconds until there, seconds per tick from there on."""

    starts: NDArray[np.float64]
    elapsed: NDArray[np.float64]
    rates: NDArray[np.float64]

    @classmethod
    def of(cls, ticks: NDArray[Any], bpm: NDArray[Any], ticks_per_quarter: int) -> "TempoMap":
        """The map of tempos that begin at `ticks`, ascending; before the first, the default tempo holds."""
        starts, elapsed, tempos = np.zeros(len(ticks) + 1), np.zeros(len(ticks) + 1), np.empty(len(ticks) + 1)
        starts[1:], tempos[0], tempos[1:] = ticks, DEFAULT_BPM, bpm
        rates = 60.0 / (tempos * ticks_per_quarter)
        np.cumsum((starts[1:] - starts[:-1]) * rates[:-1], out=elapsed[1:])
        return cls(starts, elapsed, rates)

    def seconds(self, ticks: Any) -> NDArray[np.float64]:
        """Times in seconds of `ticks`, a number or an array of any shape."""
        index = np.searchsorted(self.starts, ticks, side="right") - 1
        return np.asarray(self.elapsed[index] + (ticks - self.starts[index]) * self.rates[index], np.float64)


@dataclass(frozen=True, eq=False)
class Piece:
    """Notes on tracks, with the tempo map that turns ticks into seconds.

    `notes` is a read-only array of `NOTE_DTYPE` sorted by `NOTE_ORDER`; whatever order it is given in. Two pieces
    are equal when all their fields are. Raises ValueError when a note lies outside what MIDI can say.
    """

    ticks_per_quarter: int
    notes: NoteArray
    tracks: tuple[Track, ...] = (Track(),)
    tempos: tuple[Tempo, ...] = field(default=(Tempo(0, DEFAULT_BPM),))

    def __post_init__(self) -> None:
        if not 1 <= self.ticks_per_quarter <= 0x7FFF:
            raise ValueError(f"ticks_per_quarter is {self.ticks_per_quarter}, not 1..32767")
        object.__setattr__(self, "notes", _checked(self.notes, len(self.tracks)))
        tempos = {tempo.tick: tempo for tempo in sorted(self.tempos, key=attrgetter("tick"))}
        if any(tempo.tick < 0 or not 0 < tempo.bpm < float("inf") for tempo in tempos.values()):
            raise ValueError("a tempo needs a tick of 0 or later and a positive, finite bpm")
        object.__setattr__(self, "tempos", tuple(tempos.values()) or (Tempo(0, DEFAULT_BPM),))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        mine = (self.ticks_per_quarter, self.tracks, self.tempos)
        return mine == (other.ticks_per_quarter, other.tracks, other.tempos) and np.array_equal(self.notes, other.notes)

    def __hash__(self) -> int:
        return hash((self.ticks_per_quarter, self.tracks, self.tempos, self.notes.tobytes()))

    @property
    def end_tick(self) -> int:
        """The tick at which the last note ends; 0 without notes."""
        return int((self.notes["onset"] + self.notes["duration"]).max()) if len(self.notes) else 0

    @cached_property
    def duration_seconds(self) -> float:
        """Seconds from tick 0 to the end of the last note."""
        return float(self.tempo_map.seconds(self.end_tick))

    def seconds(self, ticks: NDArray[Any]) -> NDArray[np.float64]:
        """Times in seconds of `ticks` (any shape) under the tempo map."""
        return self.tempo_map.seconds(ticks)

    @cached_property
    def tempo_map(self) -> TempoMap:
        """From ticks to seconds."""
        ticks, bpm = np.array([(tempo.tick, tempo.bpm) for tempo in self.tempos], np.float64).T
        return TempoMap.of(ticks, bpm, self.ticks_per_quarter)

    def with_notes(self, notes: NoteArray) -> "Piece":
        """The same piece with other notes."""
        # Resolution and tempos were checked once; sorting hundreds of tempos again costs more than the notes.
        piece = object.__new__(Piece)
        for name in ("ticks_per_quarter", "tracks", "tempos", "tempo_map"):
            object.__setattr__(piece, name, getattr(self, name))
        object.__setattr__(piece, "notes", _checked(notes, len(self.tracks)))
        return piece

    def rescaled(self, ticks_per_quarter: int) -> "Piece":
        """The piece at another resolution; times are rounded, and no note becomes shorter than one tick."""
        if ticks_per_quarter == self.ticks_per_quarter:
            return self
        ratio = ticks_per_quarter / self.ticks_per_quarter
        notes = self.notes.copy()
        notes["onset"] = np.rint(notes["onset"] * ratio)
        notes["duration"] = np.maximum(np.rint(notes["duration"] * ratio), 1)
        tempos = tuple(Tempo(round(tempo.tick * ratio), tempo.bpm) for tempo in self.tempos)
        return Piece(ticks_per_quarter, notes, self.tracks, tempos)

    def playable(self) -> "Piece":
        """The piece as one can play it: a key that is struck again is let go first.

        MIDI cannot hold two notes of one pitch on one channel. So of notes with equal track, pitch and onset the
        longest stays, and a note ends no later than the next one of its pitch on its track begins.
        """
        if len(self.notes) < 2:
            return self
        notes = sorted_notes(self.notes, ("track", "pitch", "onset", "duration", "velocity"))
        same_key = (notes["track"][1:] == notes["track"][:-1]) & (notes["pitch"][1:] == notes["pitch"][:-1])
        twin = same_key & (notes["onset"][1:] == notes["onset"][:-1])
        notes = notes[~np.append(twin, False)]
        same_key = (notes["track"][1:] == notes["track"][:-1]) & (notes["pitch"][1:] == notes["pitch"][:-1])
        room = np.where(same_key, np.diff(notes["onset"]), np.iinfo(np.int64).max)
        notes["duration"][:-1] = np.minimum(notes["duration"][:-1], room)
        return self.with_notes(notes)


def _checked(notes: NoteArray, tracks: int) -> NoteArray:
    """A read-only copy in `NOTE_ORDER`; ValueError for notes that MIDI cannot say."""
    notes = sorted_notes(notes.astype(NOTE_DTYPE), NOTE_ORDER)
    if len(notes):
        check_notes(notes)
        if int(notes["track"].max()) >= tracks:
            raise ValueError(f"a note names track {int(notes['track'].max())}, but there are {tracks}")
    notes.setflags(write=False)
    return notes


def sorted_notes(notes: NoteArray, order: tuple[str, ...]) -> NoteArray:
    """The notes, or a sorted copy; many times faster than NumPy's own sorting of structured arrays.

    Notes that are equal in all fields of `order` stay as they are to each other.
    """
    columns = [notes[name].astype(np.int64) for name in order]
    widths = bit_widths(columns)
    if widths is None:
        return notes[np.lexsort(columns[::-1])]
    key = packed(columns, widths)
    # Most notes come in order.
    return notes if (key[1:] >= key[:-1]).all() else notes[np.argsort(key, kind="stable")]


def bit_widths(columns: Sequence[NDArray[np.int64]]) -> list[int] | None:
    """Bits that the largest number of each column takes; None where there are negative ones or 63 are too few."""
    # All bits that occur in a column: the highest is that of its largest number, the sign that of a negative one.
    bits = [int(np.bitwise_or.reduce(column)) for column in columns]
    widths = [each.bit_length() for each in bits]
    return None if min(bits) < 0 or sum(widths) > 63 else widths


def packed(columns: Sequence[NDArray[np.int64]], widths: Sequence[int]) -> NDArray[np.int64]:
    """Whole numbers that sort as the columns do, the first one first."""
    key = columns[0].copy()
    for column, width in zip(columns[1:], widths[1:], strict=True):
        key <<= width
        key |= column
    return key


def check_notes(notes: NoteArray) -> None:
    """Raises ValueError for notes before tick 0, without length, or with numbers that MIDI does not have."""
    if int(notes["onset"].min()) < 0 or int(notes["duration"].min()) < 1:
        raise ValueError("a note needs an onset of 0 or later and a duration of at least one tick")
    if int(notes["pitch"].max()) > 127 or not 1 <= int(notes["velocity"].min()) <= int(notes["velocity"].max()) <= 127:
        raise ValueError("a note needs a pitch of 0..127 and a velocity of 1..127")


def make_notes(
    onset: Any,
    duration: Any,
    pitch: Any,
    velocity: Any,
    track: Any = 0,  # broadcast against each other
) -> NoteArray:
    """A note array from columns that broadcast against each other."""
    columns = np.broadcast_arrays(onset, duration, pitch, velocity, track)
    notes = np.empty(columns[0].shape, NOTE_DTYPE)
    for name, column in zip(NOTE_DTYPE.names or (), columns, strict=True):
        notes[name] = column
    return notes
