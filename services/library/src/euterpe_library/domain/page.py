"""Pages of a listing: keyset positions and opaque cursors."""

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
    """Position after the item with this sort value and id."""

    #: Name of the order, so that a cursor cannot be used with another order.
    order: str
    value: SortValue
    id: uuid.UUID

    def cursor(self) -> str:
        """Encode the position for clients."""
        value = self.value
        if isinstance(value, datetime):
            value = (value - _EPOCH) // _MICROSECOND
        written = json.dumps([self.order, value, self.id.hex], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")

    @classmethod
    def from_cursor(cls, cursor: str, orders: Mapping[str, type[SortValue]]) -> "Position":
        """Decode a cursor; `orders` maps orders to the types of their values. Raises ValueError for anything else."""
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
        value.encode()  # Raises UnicodeEncodeError, a ValueError, for an unpaired surrogate.
        return str(value)
    if kind is int and given is int and abs(value) < 2**31:
        return int(value)
    raise ValueError("the value has the wrong type")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items, and the position of the next page; None on the last one."""

    items: tuple[T, ...]
    next: Position | None
