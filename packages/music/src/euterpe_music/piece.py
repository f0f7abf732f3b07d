"""Pieces of music in memory: notes, tracks, tempo, meter, key and controllers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_music.controls import CONTROL_DTYPE, ControlArray, no_controls, pedal_spans
from euterpe_music.key_signature import KeyChange
from euterpe_music.meter import MeterChange, bar_starts

#: One row per note: onset and duration in ticks, pitch and velocity as MIDI numbers, index into `Piece.tracks`.
NOTE_DTYPE = np.dtype(
    [("onset", np.int64), ("duration", np.int64), ("pitch", np.uint8), ("velocity", np.uint8), ("track", np.uint16)]
)
#: The order in which notes are kept, most significant field first.
NOTE_ORDER = ("onset", "pitch", "duration", "velocity", "track")
DEFAULT_BPM = 120.0
#: A string or piano tone held by the pedal has decayed after this time.
MAX_SUSTAIN_SECONDS = 10.0

NoteArray = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Track:
    """One instrument: a General MIDI program (0..127), of a drum kit where `is_drum`; `name` may be empty."""

    program: int = 0
    is_drum: bool = False
    name: str = ""


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

    def ticks(self, seconds: Any) -> NDArray[np.int64]:
        """Whole ticks at times in `seconds`, a number or an array of any shape; the inverse of `seconds`."""
        index = np.searchsorted(self.elapsed, seconds, side="right") - 1
        return np.asarray(np.rint(self.starts[index] + (seconds - self.elapsed[index]) / self.rates[index]), np.int64)


@dataclass(frozen=True, eq=False)
class Piece:
    """Notes on tracks, with tempo, meter and key maps and controllers.

    `notes` is a read-only array of `NOTE_DTYPE`, sorted by `NOTE_ORDER` whatever order it is given in; `controls` is a
    read-only array of `CONTROL_DTYPE`, sorted by tick. Without `meters` the meter is 4/4; without `keys` it is unknown.
    Two pieces are equal when all their fields are.

    Raises:
        ValueError: for notes, tempos or controllers that MIDI cannot represent.
    """

    ticks_per_quarter: int
    notes: NoteArray
    tracks: tuple[Track, ...] = (Track(),)
    tempos: tuple[Tempo, ...] = field(default=(Tempo(0, DEFAULT_BPM),))
    meters: tuple[MeterChange, ...] = ()
    keys: tuple[KeyChange, ...] = ()
    controls: ControlArray = field(default_factory=no_controls)
    title: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.ticks_per_quarter <= 0x7FFF:
            raise ValueError(f"ticks_per_quarter is {self.ticks_per_quarter}, not 1..32767")
        object.__setattr__(self, "notes", _checked(self.notes, len(self.tracks)))
        object.__setattr__(self, "controls", _checked_controls(self.controls, len(self.tracks)))
        for name in ("meters", "keys"):
            changes = {change.tick: change for change in sorted(getattr(self, name), key=attrgetter("tick"))}
            if any(tick < 0 for tick in changes):
                raise ValueError(f"{name} hold a change before tick 0")
            object.__setattr__(self, name, tuple(changes.values()))
        tempos = {tempo.tick: tempo for tempo in sorted(self.tempos, key=attrgetter("tick"))}
        if any(tempo.tick < 0 or not 0 < tempo.bpm < float("inf") for tempo in tempos.values()):
            raise ValueError("a tempo needs a tick of 0 or later and a positive, finite bpm")
        object.__setattr__(self, "tempos", tuple(tempos.values()) or (Tempo(0, DEFAULT_BPM),))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        same_arrays = np.array_equal(self.notes, other.notes) and np.array_equal(self.controls, other.controls)
        return self._frame == other._frame and same_arrays

    def __hash__(self) -> int:
        return hash((self._frame, self.notes.tobytes(), self.controls.tobytes()))

    @property
    def _frame(self) -> tuple[Any, ...]:
        return self.ticks_per_quarter, self.tracks, self.tempos, self.meters, self.keys, self.title

    @property
    def end_tick(self) -> int:
        """The tick at which the last note is released; 0 without notes."""
        return int((self.notes["onset"] + self.notes["duration"]).max()) if len(self.notes) else 0

    @cached_property
    def duration_seconds(self) -> float:
        """Seconds from tick 0 until the last note has ended, held by the pedal or not."""
        return float(self.tempo_map.seconds(self.sounding_ends.max())) if len(self.notes) else 0.0

    @cached_property
    def sounding_ends(self) -> NDArray[np.int64]:
        """The tick at which each note ends to sound [notes]: at its release, or later while the sustain pedal is down.

        A pedal holds a note at most `MAX_SUSTAIN_SECONDS` beyond its release, since the sound decays.
        """
        ends: NDArray[np.int64] = self.notes["onset"] + self.notes["duration"]
        for track in np.unique(self.controls["track"]).tolist():
            spans = pedal_spans(self.controls, track)
            if not len(spans):
                continue
            mine = np.flatnonzero(self.notes["track"] == track)
            released = ends[mine]
            span = np.searchsorted(spans[:, 0], released, side="right") - 1
            lifted = np.where(span >= 0, spans[span, 1], 0)
            lifted = np.where((span >= 0) & (lifted < 0), np.iinfo(np.int64).max, lifted)
            decayed = self.tempo_map.ticks(self.seconds(released) + MAX_SUSTAIN_SECONDS)
            ends[mine] = np.maximum(released, np.minimum(lifted, decayed))
        return ends

    @cached_property
    def bar_starts(self) -> NDArray[np.int64]:
        """The ticks of all bar lines, from the first bar's to the first at or after the end of the last note."""
        return bar_starts(self.meters, self.ticks_per_quarter, self.end_tick)

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
        for name in (*_KEPT_WITH_NOTES, "tempo_map"):
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
        controls = self.controls.copy()
        controls["tick"] = np.rint(controls["tick"] * ratio)
        return Piece(
            ticks_per_quarter,
            notes,
            self.tracks,
            tuple(Tempo(round(tempo.tick * ratio), tempo.bpm) for tempo in self.tempos),
            tuple(MeterChange(round(change.tick * ratio), change.meter) for change in self.meters),
            tuple(KeyChange(round(change.tick * ratio), change.key) for change in self.keys),
            controls,
            self.title,
        )

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


_KEPT_WITH_NOTES = ("ticks_per_quarter", "tracks", "tempos", "meters", "keys", "controls", "title")


def _checked_controls(controls: ControlArray, tracks: int) -> ControlArray:
    """Return a read-only copy, sorted by tick; raises ValueError for times or tracks that do not exist."""
    controls = controls.astype(CONTROL_DTYPE)
    if len(controls):
        controls = controls[np.argsort(controls["tick"], kind="stable")]
        if int(controls["tick"][0]) < 0 or int(controls["track"].max()) >= tracks:
            raise ValueError("a controller needs a tick of 0 or later and a track of the piece")
    controls.setflags(write=False)
    return controls


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
