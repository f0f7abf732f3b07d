"""The clock that is injected into use cases."""

from collections.abc import Callable
from datetime import UTC, datetime

#: Returns the current time, timezone-aware.
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
