"""Byte ranges of RFC 9110, section 14: a `Range` header against a size."""

import re
from typing import NamedTuple

from euterpe_service_kit.errors import RangeNotSatisfiable

# Eighteen digits exceed the size of any object and bound the work that a header can cause.
_SINGLE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class ByteRange(NamedTuple):
    """Positions of the first and the last byte, both inclusive."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        """Return the number of bytes in the range."""
        return self.last - self.first + 1


def parse_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """Return the requested range, limited to the resource, or None if the whole resource is to be sent.

    None is also returned for a malformed header, another unit, several ranges (which RFC 9110 lets a server ignore) and
    an empty resource. Raises RangeNotSatisfiable when the range begins after the end or is a suffix of no bytes.
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
