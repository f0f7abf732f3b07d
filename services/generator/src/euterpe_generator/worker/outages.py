"""Retrying while PostgreSQL, S3 or the library cannot be reached."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from euterpe_service_kit.errors import ServiceError
from euterpe_service_kit.outages import is_outage

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Tries of one piece at which an error other than an outage is raised to the caller.
MAX_TRIES: Final = 3
_MIN_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.1, 2.0


class Permanent(Exception):
    """A failure that another try would repeat; its cause is the error."""


async def retry_through_outages(
    attempt: Callable[[], Awaitable[T]], *, attempt_id: str, is_claimed: Callable[[], bool]
) -> T | None:
    """Retry `attempt` with increasing pauses until it returns; None if the lease is lost before.

    An outage is waited for as long as the lease is renewed. Any other error is raised at the third try; a rejection
    (ServiceError) and Permanent are raised at once.
    """
    pause, failures = _MIN_PAUSE_SECONDS, 0
    while is_claimed():
        try:
            return await attempt()
        except Exception as error:
            if not is_outage(error):
                failures += 1
                if failures >= MAX_TRIES or isinstance(error, ServiceError | Permanent):
                    raise
            log.warning("finishing_delayed", generation=attempt_id, failures=failures, error=repr(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MAX_PAUSE_SECONDS)
    return None
