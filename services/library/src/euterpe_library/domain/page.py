"""Pages of a listing: keyset positions and the opaque cursors that carry them."""

import base64
import binascii
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from euterpe_library.domain.song import Song

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: The first byte names the order that the cursor continues, so that a later sort cannot be mistaken for this one.
_NEWEST_FIRST = 1
_LAYOUT = struct.Struct(">Bq16s")
MAX_CURSOR_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing, newest first, goes on: behind the song with these values."""

    created_at: datetime
    id: uuid.UUID

    @classmethod
    def of(cls, song: Song) -> "Position":
        """The song's own position."""
        return cls(song.created_at, song.id)

    def cursor(self) -> str:
        """The position as clients see it."""
        microseconds = (self.created_at - _EPOCH) // _MICROSECOND
        packed = _LAYOUT.pack(_NEWEST_FIRST, microseconds, self.id.bytes)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def from_cursor(cls, cursor: str) -> "Position":
        """Raises ValueError for anything that `cursor` did not make."""
        try:
            packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            order, microseconds, raw_id = _LAYOUT.unpack(packed)
            created_at = _EPOCH + microseconds * _MICROSECOND
        except (binascii.Error, struct.error, OverflowError, ValueError):
            raise ValueError("not a cursor") from None
        if order != _NEWEST_FIRST:
            raise ValueError("a cursor of another order")
        return cls(created_at, uuid.UUID(bytes=raw_id))


@dataclass(frozen=True, slots=True)
class Page:
    """Some songs, and where the next page begins; None after the last one."""

    songs: tuple[Song, ...]
    next: Position | None
