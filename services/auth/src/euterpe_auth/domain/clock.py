"""The clock that use cases are given, so that time can be set."""

from collections.abc import Callable
from datetime import UTC, datetime

#: Returns the present as an aware time.
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)
