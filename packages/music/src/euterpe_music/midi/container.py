"""The container of a standard MIDI file: header and track chunks, read as tolerantly as players read them."""

import struct
from dataclasses import dataclass
from typing import Final

from euterpe_music.midi.errors import MidiError

_HEADER: Final = b"MThd"
_TRACK: Final = b"MTrk"
#: MacBinary puts a header of this size before the file's own bytes.
_MACBINARY_BYTES: Final = 128
#: Frames per second that SMPTE divisions may name; 29 means 30 drop-frame, which is 29.97.
_SMPTE_FRAMES: Final = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}
MAX_TRACKS: Final = 4096


@dataclass(frozen=True, slots=True)
class Container:
    """The chunks of a file.

    `ticks_per_quarter` is the resolution. A file that counts SMPTE frames has `is_smpte` and a resolution at which
    120 quarters per minute give its times; its tempo events mean nothing. `tracks` are the bytes of its track chunks.
    """

    ticks_per_quarter: int
    is_smpte: bool
    tracks: tuple[bytes, ...]


def read_container(data: bytes) -> Container:
    """Split a file into its chunks.

    RIFF (`.rmi`) and MacBinary wrappers are removed; unknown chunks are skipped; the tracks that are there count,
    whatever number the header states; a track whose length is wrong ends where the next one begins or the file ends.

    Raises:
        MidiError: for empty data, data without a MIDI header, a header without a usable division, or no track.
    """
    if not data:
        raise MidiError("empty", "the file is empty")
    body = _unwrap(data)
    if body is None:
        raise MidiError("not-midi", "the file is not MIDI: it does not begin with MThd")
    if len(body) < 14:
        raise MidiError("truncated", f"the file is cut short: {len(body)} bytes do not hold a MIDI header")
    length, file_format, division = struct.unpack_from(">IHxxH", body, 4)
    if length < 6:
        raise MidiError("invalid", f"the MIDI header is {length} bytes long; it must have 6 or more")
    if file_format > 2:
        raise MidiError("invalid", f"MIDI format {file_format} does not exist; formats are 0, 1 and 2")
    ticks, is_smpte = _resolution(division)
    tracks = _tracks(body, 8 + length)
    if not tracks:
        raise MidiError("truncated", "the file is cut short: it holds no track")
    if len(tracks) > MAX_TRACKS:
        raise MidiError("too-many-tracks", f"the file has {len(tracks)} tracks; the limit is {MAX_TRACKS}")
    return Container(ticks, is_smpte, tracks)


def to_file(ticks_per_quarter: int, tracks: tuple[bytes, ...]) -> bytes:
    """Join track bytes to a format 1 file."""
    header = struct.pack(">4sIHHH", _HEADER, 6, 1, len(tracks), ticks_per_quarter)
    return header + b"".join([b"MTrk%b%b" % (len(track).to_bytes(4), track) for track in tracks])


def _unwrap(data: bytes) -> bytes | None:
    if data[:4] == _HEADER:
        return data
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        start = data.find(_HEADER, 12, 4096)
        return data[start:] if start > 0 else None
    if data[_MACBINARY_BYTES : _MACBINARY_BYTES + 4] == _HEADER:
        return data[_MACBINARY_BYTES:]
    return None


def _resolution(division: int) -> tuple[int, bool]:
    if not division & 0x8000:
        if division == 0:
            raise MidiError("timing", "the file has 0 ticks per quarter; it must have 1 to 32767")
        return division, False
    frames, ticks = _SMPTE_FRAMES.get(256 - (division >> 8)), division & 0xFF
    if frames is None or ticks == 0:
        raise MidiError("timing", "the file counts SMPTE frames at a rate that does not exist")
    # Half a second is a quarter at 120 quarters per minute.
    return max(round(frames * ticks / 2), 1), True


def _tracks(data: bytes, offset: int) -> tuple[bytes, ...]:
    tracks: list[bytes] = []
    while offset + 8 <= len(data):
        name, length = struct.unpack_from(">4sI", data, offset)
        start, end = offset + 8, offset + 8 + length
        if not _is_chunk_end(data, end):
            # The length is wrong. The next track, or the end of the file, bounds this chunk.
            following = data.find(_TRACK, start)
            end = following if following > 0 else len(data)
        if name == _TRACK:
            tracks.append(data[start:end])
        elif not name.isalnum():
            # No chunk at all: padding, or what is left of one. The next track is the next thing that means anything.
            following = data.find(_TRACK, offset + 1)
            if following < 0:
                break
            end = following
        offset = end
    return tuple(tracks)


def _is_chunk_end(data: bytes, end: int) -> bool:
    return end == len(data) or (end + 8 <= len(data) and data[end : end + 4].isalnum())
