"""MIDI file → piece."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import symusic
from numpy.typing import NDArray
from symusic.core import ScoreTick

from euterpe_music.midi.chunks import CLOSING_DELTA, CLOSING_ROUNDS, MidiFile, close_hanging_notes, split_chunks
from euterpe_music.midi.errors import MidiError
from euterpe_music.piece import DEFAULT_BPM, NOTE_DTYPE, NoteArray, Piece, Tempo, Track

#: A track's notes as symusic gives them: time, duration, pitch, velocity.
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class MidiLimits:
    """The largest file that is read: in bytes, notes, and seconds of music."""

    max_bytes: int = 16 * 1024 * 1024
    max_notes: int = 1_000_000
    max_seconds: float = 6 * 3600.0


DEFAULT_LIMITS = MidiLimits()


def read_midi(data: bytes | Path, limits: MidiLimits = DEFAULT_LIMITS) -> Piece:
    """The piece in a standard MIDI file, given as bytes or as a path.

    One track of the piece is one channel and program of one track of the file. A note that is never let go gets
    a quarter (Mogren's reader does the same); one that ends where it begins, as drum tracks have them, gets a tick.
    Raises MidiError, and nothing else, for whatever cannot be read or exceeds `limits`; OSError for a missing file.
    """
    if isinstance(data, Path):
        size = data.stat().st_size
        content = data.read_bytes() if size <= limits.max_bytes else b""
    else:
        size, content = len(data), data
    if size > limits.max_bytes:
        raise MidiError("too-large", f"the file has {size} bytes; the limit is {limits.max_bytes}")
    file = split_chunks(content)
    score, columns = _parse(file, 1)
    if any((each["duration"] >= CLOSING_DELTA).any() for each in columns):
        # Something hangs, which is rare: now close all of it.
        score, columns = _parse(file, CLOSING_ROUNDS)
    if score.note_num() > limits.max_notes:
        raise MidiError("too-many-notes", f"the file has {score.note_num()} notes; the limit is {limits.max_notes}")
    piece = _piece(score, columns, file.ticks_per_quarter)
    if piece.duration_seconds > limits.max_seconds:
        raise MidiError(
            "too-long", f"the music lasts {piece.duration_seconds:.0f} s; the limit is {limits.max_seconds:.0f} s"
        )
    return piece


def _parse(file: MidiFile, rounds: int) -> tuple[ScoreTick, list[Columns]]:
    """The score, and the notes of each of its tracks."""
    closed = MidiFile(file.format, file.ticks_per_quarter, close_hanging_notes(file.tracks, rounds))
    try:
        score: ScoreTick = symusic.Score.from_midi(closed.to_bytes())  # type: ignore[assignment]
        return score, [track.notes.numpy() for track in score.tracks]
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise MidiError("invalid", f"the file is not valid MIDI ({_first_line(error)})") from error


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__


def _piece(score: ScoreTick, columns: list[Columns], ticks_per_quarter: int) -> Piece:
    sounding = [(track, notes) for track, notes in zip(score.tracks, columns, strict=True) if len(notes["time"])]
    if not sounding:
        raise MidiError("no-notes", "the file holds no notes")
    tracks = tuple(Track(min(int(track.program), 127), bool(track.is_drum)) for track, _ in sounding)
    try:
        notes = _notes([notes for _, notes in sounding], ticks_per_quarter)
        return Piece(ticks_per_quarter, notes, tracks, _tempos(score) or (Tempo(0, DEFAULT_BPM),))
    except ValueError as error:
        raise MidiError("invalid", f"the file is not valid MIDI ({error})") from error


def _tempos(score: ScoreTick) -> tuple[Tempo, ...]:
    """Without those of zero or endless speed, which broken files hold."""
    found = score.tempos.numpy()
    times, lengths = found["time"].tolist(), found["mspq"].tolist()
    return tuple(
        Tempo(tick, 6e7 / length) for tick, length in zip(times, lengths, strict=True) if tick >= 0 and length > 0
    )


def _notes(columns: list[Columns], ticks_per_quarter: int) -> NoteArray:
    counts = [len(each["time"]) for each in columns]
    notes = np.empty(sum(counts), NOTE_DTYPE)
    for name, theirs in (("onset", "time"), ("duration", "duration"), ("pitch", "pitch"), ("velocity", "velocity")):
        notes[name] = np.concatenate([each[theirs] for each in columns])
    duration = np.maximum(notes["duration"], 1)
    notes["duration"] = np.where(duration >= CLOSING_DELTA, ticks_per_quarter, duration)
    notes["track"] = np.repeat(np.arange(len(columns)), counts)
    return notes
