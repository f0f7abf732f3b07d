"""Pages of a listing: keyset positions and the opaque cursors that carry them."""

import base64
import binascii
import json
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MAX_CURSOR_LENGTH = 600

T = TypeVar("T")
SortValue = datetime | str | float | int


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing goes on: behind the item with this value of what it is ordered by, and this id."""

    #: Names the order, so that a cursor of another one cannot be mistaken for this one's.
    order: str
    value: SortValue
    id: uuid.UUID

    def cursor(self) -> str:
        """The position as clients see it."""
        value = self.value
        if isinstance(value, datetime):
            value = (value - _EPOCH) // _MICROSECOND
        written = json.dumps([self.order, value, self.id.hex], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")

    @classmethod
    def from_cursor(cls, cursor: str, orders: Mapping[str, type[SortValue]]) -> "Position":
        """Raises ValueError for anything that `cursor` did not make; `orders`: order → type of its value."""
        try:
            written = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            order, value, raw_id = json.loads(written)
            return cls(order, _typed(value, orders[order]), uuid.UUID(hex=raw_id))
        except (binascii.Error, OverflowError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError("not a cursor") from None


def _typed(value: Any, kind: type[SortValue]) -> SortValue:
    given = type(value)
    if kind is datetime and given is int:
        return _EPOCH + int(value) * _MICROSECOND
    if kind is float and given in (int, float) and math.isfinite(value):
        return float(value)
    if kind is str and given is str and "\0" not in value:
        value.encode()  # UnicodeEncodeError, a ValueError, for half a character
        return str(value)
    if kind is int and given is int and abs(value) < 2**31:
        return int(value)
    raise ValueError("a value of another type")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and where the next page begins; None after the last one."""

    items: tuple[T, ...]
    next: Position | None
