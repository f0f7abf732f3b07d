"""RIFF WAVE: headers, tags in a LIST INFO chunk, then the samples."""

import struct

from euterpe_converter.domain.audio import Encoding, Tags

_INFO = {"TITLE": b"INAM", "ARTIST": b"IART", "SEED": b"ICMT", "ENCODER": b"ISFT"}
_PCM = 1


def preamble(encoding: Encoding, frames: int, tags: Tags) -> bytes:
    """Return everything up to the first sample."""
    rate, channels, depth = encoding.sample_rate, encoding.channels, encoding.bit_depth
    size = body_bytes(encoding, frames)
    form = struct.pack("<HHIIHH", _PCM, channels, rate, rate * encoding.frame_bytes, encoding.frame_bytes, depth)
    chunks = _chunk(b"fmt ", form) + _info(tags)
    riff = 4 + len(chunks) + 8 + size
    return b"RIFF" + struct.pack("<I", riff) + b"WAVE" + chunks + b"data" + struct.pack("<I", size)


def body_bytes(encoding: Encoding, frames: int) -> int:
    """Return the bytes of the samples."""
    return frames * encoding.frame_bytes


def _info(tags: Tags) -> bytes:
    parts = []
    for name, text in tags.fields():
        value = f"seed {text}" if name == "SEED" else text
        parts.append(_chunk(_INFO[name], value.encode() + b"\0"))
    return _chunk(b"LIST", b"INFO" + b"".join(parts)) if parts else b""


def _chunk(name: bytes, content: bytes) -> bytes:
    # Chunks start at even positions.
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
