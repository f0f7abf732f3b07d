"""Notes of many MIDI files, fast: for training corpora, where a file's notes and tempos are all that counts.

symusic reads here what `read_midi` reads event by event, some hundred times as fast. On files that both accept they
agree (`tests/midi/test_fast.py`); damaged files that `read_midi` repairs are refused here.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from symusic.core import ScoreTick, TrackTick

from euterpe_music.midi.chunks import CLOSING_DELTA, CLOSING_ROUNDS, MidiFile, close_hanging_notes, split_chunks
from euterpe_music.midi.errors import MidiError
from euterpe_music.midi.read import DEFAULT_LIMITS, MidiLimits, load
from euterpe_music.piece import DEFAULT_BPM, NoteArray, Piece, Tempo, TempoMap, Track, check_notes, make_notes

#: A note and a tempo in symusic's pickled lists, which begin with their number: by far the fastest way to get at them.
_PICKLED_NOTE: Final = np.dtype(
    {
        "names": ["onset", "duration", "pitch", "velocity"],
        "formats": [np.int32, np.int32, np.uint8, np.uint8],
        "offsets": [0, 4, 8, 9],
        "itemsize": 12,
    }
)
_PICKLED_TEMPO: Final = np.dtype([("tick", np.int32), ("microseconds", np.int32)])
_PICKLED_NUMBER: Final = 4


@dataclass(frozen=True, eq=False)
class Recording:
    """What a MIDI file holds, checked, but not yet in the order and form of a `Piece`.

    `notes` is a structured array with onset, duration, pitch and velocity, one track after another; `counts` says
    how many are on each of the `tracks`. Tempos are `tempo_ticks`, ascending, and `tempo_bpm`.
    """

    ticks_per_quarter: int
    notes: NoteArray
    counts: tuple[int, ...]
    tracks: tuple[Track, ...]
    tempo_ticks: NDArray[np.int64]
    tempo_bpm: NDArray[np.float64]

    @cached_property
    def tempo_map(self) -> TempoMap:
        """From ticks to seconds."""
        return TempoMap.of(self.tempo_ticks, self.tempo_bpm, self.ticks_per_quarter)

    @property
    def pitched(self) -> NoteArray:
        """The notes that are not a drum kit's."""
        drums = [track.is_drum for track in self.tracks]
        return self.notes[np.repeat(np.logical_not(drums), self.counts)] if any(drums) else self.notes

    @property
    def piece(self) -> Piece:
        """The music as a piece."""
        onset, duration, pitch, velocity = (self.notes[name] for name in _PICKLED_NOTE.names or ())
        track = np.repeat(np.arange(len(self.counts)), self.counts)
        notes = make_notes(onset, duration, pitch, velocity, track)
        tempos = zip(self.tempo_ticks.tolist(), self.tempo_bpm.tolist(), strict=True)
        return Piece(self.ticks_per_quarter, notes, self.tracks, tuple(Tempo(*each) for each in tempos))


def read_recording(data: bytes | Path, limits: MidiLimits = DEFAULT_LIMITS) -> Recording:
    """Return the notes and tempos of a file; raises like `read_midi`."""
    file = split_chunks(load(data, limits))
    score = _parse(file, 1)
    notes = _notes(score)
    if len(notes) and notes["duration"].max() >= CLOSING_DELTA:
        # Something hangs, which is rare: now close all of it.
        score = _parse(file, CLOSING_ROUNDS)
        notes = _notes(score)
        notes["duration"][notes["duration"] >= CLOSING_DELTA] = file.ticks_per_quarter
    if len(notes) > limits.max_notes:
        raise MidiError("too-many-notes", f"the file has {len(notes)} notes; the limit is {limits.max_notes}")
    if not len(notes):
        raise MidiError("no-notes", "the file holds no notes")
    return _recording(file.ticks_per_quarter, score, notes, limits)


@dataclass(frozen=True, slots=True)
class _Score:
    """What symusic parsed: its tracks that have notes, these notes as it pickles them, and so the tempos."""

    tracks: list[TrackTick]
    notes: list[bytes]
    tempos: bytes


def _parse(file: MidiFile, rounds: int) -> _Score:
    closed = MidiFile(file.format, file.ticks_per_quarter, close_hanging_notes(file.tracks, rounds))
    try:
        score = ScoreTick.from_midi(closed.to_bytes())
        tracks = [track for track in score.tracks if track.note_num()]
        notes = [track.notes.__getstate__()[_PICKLED_NUMBER:] for track in tracks]
        return _Score(tracks, notes, score.tempos.__getstate__())
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise MidiError("invalid", f"the file is not valid MIDI ({_first_line(error)})") from error


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__


def _notes(score: _Score) -> NoteArray:
    """The notes of all tracks, in an array that can be written to."""
    return np.frombuffer(bytearray().join(score.notes), _PICKLED_NOTE)


def _recording(ticks_per_quarter: int, score: _Score, notes: NoteArray, limits: MidiLimits) -> Recording:
    duration = notes["duration"]
    np.maximum(duration, 1, out=duration)
    try:
        check_notes(notes)
    except ValueError as error:
        raise MidiError("invalid", f"the file is not valid MIDI ({error})") from error
    counts = tuple([len(each) // _PICKLED_NOTE.itemsize for each in score.notes])
    tracks = tuple([Track(min(track.program, 127), track.is_drum) for track in score.tracks])
    recording = Recording(ticks_per_quarter, notes, counts, tracks, *_tempos(score))
    end = np.add(notes["onset"], duration, dtype=np.int64).max()
    seconds = float(recording.tempo_map.seconds(end))
    if seconds > limits.max_seconds:
        raise MidiError("too-long", f"the music lasts {seconds:.0f} s; the limit is {limits.max_seconds:.0f} s")
    return recording


def _tempos(score: _Score) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ticks and quarters per minute, without those of zero or endless speed, which broken files hold."""
    found = np.frombuffer(score.tempos, _PICKLED_TEMPO, offset=_PICKLED_NUMBER)
    found = found[(found["tick"] >= 0) & (found["microseconds"] > 0)]
    ticks = found["tick"].astype(np.int64)
    if not len(ticks):
        return np.zeros(1, np.int64), np.full(1, DEFAULT_BPM)
    if not (ticks[1:] > ticks[:-1]).all():
        # Of several at one tick the last holds, which is the first from behind.
        ticks, last = np.unique(ticks[::-1], return_index=True)
        found = found[::-1][last]
    return ticks, 6e7 / found["microseconds"]
