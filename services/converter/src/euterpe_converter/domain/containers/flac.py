"""FLAC: stream information and Vorbis comments (RFC 9639), in front of frames that come without headers of their own.

The number of samples is told, so players show the length; the sizes of frames and the digest of the samples, which only
an encoder that has finished knows, are given as unknown, as the format allows. Frames carry their numbers, by which
players seek.
"""

import struct

from euterpe_converter.domain.audio import Encoding, Tags
from euterpe_converter.domain.containers.vorbis import comments

#: Samples per channel of each frame but the last.
BLOCK_FRAMES = 4096
_STREAM_INFO, _VORBIS_COMMENT, _LAST = 0, 4, 0x80


def preamble(encoding: Encoding, frames: int, tags: Tags) -> bytes:
    """Everything up to the first frame."""
    numbers = encoding.sample_rate << 44 | (encoding.channels - 1) << 41 | (encoding.bit_depth - 1) << 36 | frames
    info = struct.pack(">HH", BLOCK_FRAMES, BLOCK_FRAMES) + bytes(6) + numbers.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + _block(_STREAM_INFO, info) + _block(_VORBIS_COMMENT | _LAST, comments(tags))


def skip_headers(data: bytes) -> bytes:
    """What follows the headers in the beginning of a FLAC file that holds all of them."""
    position, last = 4, False
    while not last:
        last = bool(data[position] & _LAST)
        position += 4 + int.from_bytes(data[position + 1 : position + 4], "big")
    return data[position:]


def _block(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + len(content).to_bytes(3, "big") + content
