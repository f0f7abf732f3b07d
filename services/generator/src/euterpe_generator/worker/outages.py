"""Retrying while PostgreSQL, S3 or the library cannot be reached."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from euterpe_service_kit.errors import Unavailable
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Exceptions raised during an outage.
OUTAGES: Final = (Unavailable, SQLAlchemyError, OSError, TimeoutError)

_MIN_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.1, 2.0


async def retry_through_outages(
    attempt: Callable[[], Awaitable[T]], *, attempt_id: str, is_claimed: Callable[[], bool]
) -> T | None:
    """Retry `attempt` with increasing pauses until it returns; None if the lease is lost before."""
    pause = _MIN_PAUSE_SECONDS
    while is_claimed():
        try:
            return await attempt()
        except OUTAGES as error:
            log.warning("finishing_delayed", generation=attempt_id, error=repr(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MAX_PAUSE_SECONDS)
    return None
