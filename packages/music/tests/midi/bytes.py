"""MIDI files made byte by byte, so that tests know what is in them."""

import struct

END = b"\x00\xff\x2f\x00"


def vlq(value: int) -> bytes:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(0x80 | value & 0x7F)
    return bytes(reversed(parts))


def smf(*tracks: bytes, division: int = 480, declared: int | None = None) -> bytes:
    count = len(tracks) if declared is None else declared
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, count, division)
    return header + b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)


def on(delta: int, pitch: int, velocity: int = 64, channel: int = 0) -> bytes:
    return vlq(delta) + bytes((0x90 | channel, pitch, velocity))


def off(delta: int, pitch: int, channel: int = 0) -> bytes:
    return vlq(delta) + bytes((0x80 | channel, pitch, 0))


ONE_NOTE = smf(on(0, 60) + off(480, 60) + END)
