"""FLAC: stream information and Vorbis comments (RFC 9639) in front of frames without headers.

The header gives the number of samples, so players show the duration. Frame sizes and the digest of the samples, which
are only known after encoding, are left at 0 ("unknown"), as the format allows. Players seek by frame numbers.
"""

import struct

from euterpe_converter.domain.audio import Encoding, Tags
from euterpe_converter.domain.containers.vorbis import comments

#: Samples per channel of every frame except the last.
BLOCK_FRAMES = 4096
_STREAM_INFO, _VORBIS_COMMENT, _LAST = 0, 4, 0x80


def preamble(encoding: Encoding, frames: int, tags: Tags) -> bytes:
    """Return everything up to the first frame."""
    numbers = encoding.sample_rate << 44 | (encoding.channels - 1) << 41 | (encoding.bit_depth - 1) << 36 | frames
    info = struct.pack(">HH", BLOCK_FRAMES, BLOCK_FRAMES) + bytes(6) + numbers.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + _block(_STREAM_INFO, info) + _block(_VORBIS_COMMENT | _LAST, comments(tags))


def body_bytes(_: Encoding, __: int) -> None:
    """Return None: the size depends on the music."""


def skip_headers(data: bytes) -> bytes:
    """Return what follows the headers; `data` must contain all of them."""
    position, last = 4, False
    while not last:
        last = bool(data[position] & _LAST)
        position += 4 + int.from_bytes(data[position + 1 : position + 4], "big")
    return data[position:]


def _block(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + len(content).to_bytes(3, "big") + content
