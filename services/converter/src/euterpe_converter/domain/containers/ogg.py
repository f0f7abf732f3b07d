"""Opus in Ogg (RFC 3533, RFC 7845): one-second pages of packets of equal size.

Hard constant bit rate makes the file size computable. Granule positions count 48,000 per second.
"""

import struct
import zlib

from euterpe_converter.domain.audio import Encoding, Tags
from euterpe_converter.domain.containers.vorbis import comments

#: Samples per channel of a packet: 20 ms.
PACKET_FRAMES = 960
#: Samples at the start that decoders discard: libopus's lookahead at 48 kHz.
PRE_SKIP = 312
_PACKETS_PER_PAGE = 50
_FIRST, _LAST = 0x02, 0x04
_SERIAL = 0x45555445
_HEADER_PAGES = 2
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def preamble(encoding: Encoding, _: int, tags: Tags) -> bytes:
    """Return the pages of the two header packets."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, encoding.channels, PRE_SKIP, encoding.sample_rate, 0, 0)
    return _page([head], 0, 0, _FIRST) + _page([b"OpusTags" + comments(tags)], 1, 0, 0)


def packet_bytes(encoding: Encoding) -> int:
    """Return the bytes of each packet."""
    return encoding.kilobits * 1000 * PACKET_FRAMES // 48_000 // 8


def packets(frames: int) -> int:
    """Return the number of packets for this many samples and the encoder's delay."""
    return -(-(frames + PRE_SKIP) // PACKET_FRAMES)


def body_bytes(encoding: Encoding, frames: int) -> int:
    """Return the bytes of all audio pages."""
    count = packets(frames)
    pages = -(-count // _PACKETS_PER_PAGE)
    size = packet_bytes(encoding)
    return pages * 27 + count * (size + size // 255 + 1)


class OpusPages:
    """Groups packets into pages."""

    def __init__(self, frames: int) -> None:
        self._frames, self._left = frames, packets(frames)
        self._waiting: list[bytes] = []
        self._page = _HEADER_PAGES
        self._packets = 0

    def add(self, packet: bytes) -> bytes:
        """Return the page that this packet completes, or nothing."""
        self._waiting.append(packet)
        self._packets += 1
        self._left -= 1
        if self._left and len(self._waiting) < _PACKETS_PER_PAGE:
            return b""
        # The last page's position truncates what the last packet holds beyond the music.
        position = self._packets * PACKET_FRAMES if self._left else self._frames + PRE_SKIP
        page = _page(self._waiting, self._page, position, 0 if self._left else _LAST)
        self._waiting = []
        self._page += 1
        return page


def _page(content: list[bytes], number: int, position: int, kind: int) -> bytes:
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in content)
    start = struct.pack("<4sBBqII", b"OggS", 0, kind, position, _SERIAL, number)
    end = bytes((len(lacing),)) + lacing + b"".join(content)
    return start + struct.pack("<I", _crc(start + bytes(4) + end)) + end


def _crc(data: bytes) -> int:
    # Ogg's CRC is zlib's with reversed bits and without the complements.
    plain = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{plain:032b}"[::-1], 2)
