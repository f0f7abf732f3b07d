"""Byte ranges of RFC 9110, section 14: a `Range` header against a size."""

import re
from typing import NamedTuple

from euterpe_service_kit.errors import RangeNotSatisfiable

# Eighteen digits are more than any object has bytes, and bound what a header can make us compute.
_SINGLE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class ByteRange(NamedTuple):
    """Positions of the first and the last byte, both included."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        """How many bytes the range holds."""
        return self.last - self.first + 1


def parse_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """The single range asked for, cut to the resource; None when the whole resource is to be sent.

    A malformed header, another unit, and several ranges at once (which RFC 9110 lets a server ignore) mean the whole;
    so does any range of an empty resource, of which no part can be named. Raises RangeNotSatisfiable when the range
    begins behind the end or is a suffix of no bytes.
    """
    match = _SINGLE.fullmatch(header or "")
    if match is None or size_bytes == 0:
        return None
    first, last = match.groups()
    if not first:
        return _suffix(last, size_bytes)
    if last and int(last) < int(first):
        return None
    if int(first) >= size_bytes:
        raise RangeNotSatisfiable(size_bytes)
    return ByteRange(int(first), min(int(last), size_bytes - 1) if last else size_bytes - 1)


def _suffix(length: str, size_bytes: int) -> ByteRange | None:
    if not length:
        return None
    if int(length) == 0:
        raise RangeNotSatisfiable(size_bytes)
    return ByteRange(max(0, size_bytes - int(length)), size_bytes - 1)
