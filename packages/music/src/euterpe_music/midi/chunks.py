"""The frame of a standard MIDI file: its header and track chunks, checked and repaired."""

import struct
from dataclasses import dataclass
from typing import Final

from euterpe_music.midi.errors import MidiError

#: Ticks after the end of a track at which hanging notes are closed; no real note is that long.
CLOSING_DELTA: Final = 0x0FFF_FFFF
#: Maximum number of hanging notes of one pitch; more are dropped.
CLOSING_ROUNDS: Final = 4
# The keys of a piano in two thousand tracks, which no real piece has; their note-offs take 4 MB.
_MAX_NOTE_OFFS: Final = 1_000_000
_CLOSING_VLQ: Final = b"\xff\xff\xff\x7f"
_PITCHES: Final = bytes(range(128))
_NOTE_ONS: Final = bytes(range(0x90, 0xA0))
_KEYS: Final = _PITCHES + _NOTE_ONS
_END_OF_TRACK: Final = b"\xff\x2f\x00"
_EMPTY_TEXT: Final = b"\xff\x01\x00"


@dataclass(frozen=True, slots=True)
class MidiFile:
    """A file's format (0, 1 or 2), ticks per quarter, and the bytes of its tracks."""

    format: int
    ticks_per_quarter: int
    tracks: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """The file again, without chunks that are not MIDI's."""
        header = struct.pack(">4sIHHH", b"MThd", 6, self.format, len(self.tracks), self.ticks_per_quarter)
        return header + b"".join([b"MTrk%b%b" % (len(track).to_bytes(4), track) for track in self.tracks])


def split_chunks(data: bytes) -> MidiFile:
    """The frame of the file in `data`; MidiError when it is empty, no MIDI, cut short or without quarters."""
    if not data:
        raise MidiError("empty", "the file is empty")
    if data[:4] != b"MThd":
        raise MidiError("not-midi", "the file is not MIDI: it does not begin with MThd")
    if len(data) < 14:
        raise MidiError("truncated", f"the file is cut short: {len(data)} bytes do not hold a MIDI header")
    length, file_format, count, division = struct.unpack(">IHHH", data[4:14])
    if length < 6:
        raise MidiError("invalid", f"the MIDI header is {length} bytes long, not 6 or more")
    if file_format > 2:
        raise MidiError("invalid", f"MIDI format {file_format} does not exist")
    if division == 0 or division & 0x8000:
        raise MidiError("timing", "the file's time is not counted in ticks per quarter (or in zero of them)")
    tracks = _tracks(data, 8 + length)
    if len(tracks) < count:
        raise MidiError("truncated", f"the file is cut short: it holds {len(tracks)} of {count} tracks")
    return MidiFile(file_format, division, tracks)


def _tracks(data: bytes, offset: int) -> tuple[bytes, ...]:
    tracks: list[bytes] = []
    while offset + 8 <= len(data):
        name, length = struct.unpack_from(">4sI", data, offset)
        end = offset + 8 + length
        if name == b"MTrk":
            if end > len(data):
                raise MidiError("truncated", f"the file is cut short within track {len(tracks) + 1}")
            tracks.append(data[offset + 8 : end])
        offset = end
    return tuple(tracks)


def close_hanging_notes(tracks: tuple[bytes, ...], rounds: int = CLOSING_ROUNDS) -> tuple[bytes, ...]:
    """Return the tracks with note-offs for hanging notes, `CLOSING_DELTA` ticks after the last event of a track.

    The parser drops notes without note-off. With note-offs for every key that may be down, it keeps them, and their
    length identifies them. The set of keys is an upper bound, estimated from the bytes that occur. Each of the `rounds`
    ends one note of every key; one round is enough to detect hanging notes.
    Raises MidiError when the note-offs would exceed the limit.
    """
    keys = [_keys(track) for track in tracks]
    closing = sum(len(channels) * len(pitches) * CLOSING_ROUNDS for channels, pitches in keys)
    if closing > _MAX_NOTE_OFFS:
        words = f"the file's {len(tracks)} tracks can hold {closing} open notes; the limit is {_MAX_NOTE_OFFS}"
        raise MidiError("too-many-notes", words)
    return tuple(_closed(track, *each, rounds) for track, each in zip(tracks, keys, strict=True))


def _keys(track: bytes) -> tuple[list[int], bytes]:
    """Return a superset of the channels and pitches of the notes in a track."""
    if not track.endswith(_END_OF_TRACK):
        return [], b""
    # `translate` is much faster than a loop: removing the absent keys leaves the present ones.
    absent = _KEYS.translate(None, track)
    return [status & 0xF for status in _NOTE_ONS.translate(None, absent)], _PITCHES.translate(None, absent)


def _closed(track: bytes, channels: list[int], pitches: bytes, rounds: int) -> bytes:
    if not channels:
        return track
    # Delta, pitch and velocity of each; the status comes before a channel's first pitch and runs on.
    offs = bytearray(3 * len(pitches))
    offs[1::3] = pitches
    closing = b"".join([bytes((0, 0x80 | channel)) + offs[1:] for channel in channels]) * rounds
    # The end-of-track's own delta time stays in front; an empty text event takes it over.
    opening = track[: -len(_END_OF_TRACK)] + _EMPTY_TEXT
    return opening + _CLOSING_VLQ + closing[1:] + b"\x00" + _END_OF_TRACK
