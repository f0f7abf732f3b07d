"""MIDI file → piece."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import symusic
from symusic.core import ScoreTick, TempoTick, TrackTick

from euterpe_music.midi.chunks import CLOSING_DELTA, MidiFile, close_hanging_notes, split_chunks
from euterpe_music.midi.errors import MidiError
from euterpe_music.piece import DEFAULT_BPM, NOTE_DTYPE, NoteArray, Piece, Tempo, Track


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
    score = _parse(file)
    if score.note_num() > limits.max_notes:
        raise MidiError("too-many-notes", f"the file has {score.note_num()} notes; the limit is {limits.max_notes}")
    piece = _piece(score, file.ticks_per_quarter)
    if piece.duration_seconds > limits.max_seconds:
        raise MidiError(
            "too-long", f"the music lasts {piece.duration_seconds:.0f} s; the limit is {limits.max_seconds:.0f} s"
        )
    return piece


def _parse(file: MidiFile) -> ScoreTick:
    closed = MidiFile(file.format, file.ticks_per_quarter, close_hanging_notes(file.tracks))
    try:
        score: ScoreTick = symusic.Score.from_midi(closed.to_bytes())  # type: ignore[assignment]
        return score
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise MidiError("invalid", f"the file is not valid MIDI ({_first_line(error)})") from error


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__


def _piece(score: ScoreTick, ticks_per_quarter: int) -> Piece:
    arrays: list[NoteArray] = []
    tracks: list[Track] = []
    for source in score.tracks:
        if len(source.notes):
            arrays.append(_notes(source, len(tracks), ticks_per_quarter))
            tracks.append(Track(min(int(source.program), 127), bool(source.is_drum)))
    notes = np.concatenate(arrays) if arrays else np.empty(0, NOTE_DTYPE)
    if not len(notes):
        raise MidiError("no-notes", "the file holds no notes")
    tempos = tuple(Tempo(int(tempo.time), float(tempo.qpm)) for tempo in score.tempos if _sound(tempo))
    try:
        return Piece(ticks_per_quarter, notes, tuple(tracks), tempos or (Tempo(0, DEFAULT_BPM),))
    except ValueError as error:
        raise MidiError("invalid", f"the file is not valid MIDI ({error})") from error


def _sound(tempo: TempoTick) -> bool:
    """False for tempos of zero or endless speed, which broken files hold."""
    return tempo.time >= 0 and 0 < float(tempo.qpm) < float("inf")


def _notes(source: TrackTick, index: int, ticks_per_quarter: int) -> NoteArray:
    columns = source.notes.numpy()
    notes = np.empty(len(columns["time"]), NOTE_DTYPE)
    notes["onset"], notes["duration"] = columns["time"], np.maximum(columns["duration"], 1)
    notes["pitch"], notes["velocity"] = columns["pitch"], columns["velocity"]
    notes["track"] = index
    notes["duration"][notes["duration"] >= CLOSING_DELTA] = ticks_per_quarter
    return notes
