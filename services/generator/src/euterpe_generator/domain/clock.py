"""A clock that use cases are given, so that tests can control the time."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic time and waiting."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary point."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for a time."""
        ...

    async def wait_for(self, event: asyncio.Event, timeout_seconds: float) -> bool:
        """Wait for an event, up to a time; return whether it was set."""
        ...


class SystemClock:
    """The clock of the system."""

    def monotonic(self) -> float:
        """See Clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        await asyncio.sleep(seconds)

    async def wait_for(self, event: asyncio.Event, timeout_seconds: float) -> bool:
        """See Clock."""
        try:
            async with asyncio.timeout(timeout_seconds):
                return await event.wait()
        except TimeoutError:
            return False
