"""MIDI file → piece: the one reader of the product."""

from dataclasses import dataclass
from pathlib import Path

from euterpe_music.midi.container import read_container
from euterpe_music.midi.errors import MidiError
from euterpe_music.midi.interpret import Reading, interpret
from euterpe_music.midi.parse import parse_track
from euterpe_music.piece import Piece


@dataclass(frozen=True, slots=True)
class MidiLimits:
    """The largest file that is read: in bytes, notes, and seconds of music."""

    max_bytes: int = 16 * 1024 * 1024
    max_notes: int = 1_000_000
    max_seconds: float = 6 * 3600.0


DEFAULT_LIMITS = MidiLimits()
#: Channel messages that are read for each note of the limit (two begin and end it), and at least.
_MESSAGES_PER_NOTE = 4
_MIN_MESSAGES = 100_000


def read_midi(data: bytes | Path, limits: MidiLimits = DEFAULT_LIMITS) -> Piece:
    """Return the piece in a standard MIDI file, given as bytes or as a path.

    Files are read as tolerantly as players read them; the rules are those of `read_container`, `parse_track` and
    `interpret`.

    Raises:
        MidiError: for whatever cannot be read or exceeds `limits`; nothing else is raised for any bytes.
        OSError: for a file that cannot be opened.
    """
    return read_parts(data, limits).piece


def read_parts(data: bytes | Path, limits: MidiLimits = DEFAULT_LIMITS) -> Reading:
    """Return the piece as `read_midi` does, with the port and channel of each track in the file; raises as it does."""
    reading = _read(load(data, limits), limits)
    piece = reading.piece
    if piece.duration_seconds > limits.max_seconds:
        words = f"the music lasts {piece.duration_seconds:.0f} s; the limit is {limits.max_seconds:.0f} s"
        raise MidiError("too-long", words)
    return reading


def load(data: bytes | Path, limits: MidiLimits) -> bytes:
    """Return the bytes of a file; raises MidiError beyond `limits.max_bytes` before it is read."""
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    if size > limits.max_bytes:
        raise MidiError("too-large", f"the file has {size} bytes; the limit is {limits.max_bytes}")
    return data.read_bytes() if isinstance(data, Path) else data


def _read(content: bytes, limits: MidiLimits) -> Reading:
    container = read_container(content)
    tracks = []
    notes = 0
    for number, chunk in enumerate(container.tracks, start=1):
        track = parse_track(chunk, number, _MESSAGES_PER_NOTE * limits.max_notes + _MIN_MESSAGES)
        notes += sum(1 for _, status, _, velocity in track.channel if status & 0xF0 == 0x90 and velocity)
        if notes > limits.max_notes:
            raise MidiError("too-many-notes", f"the file has more than {limits.max_notes} notes, which is the limit")
        tracks.append(track)
    return interpret(tracks, container.ticks_per_quarter, is_smpte=container.is_smpte)
