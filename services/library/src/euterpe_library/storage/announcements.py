"""Wakes the open pages of users when PostgreSQL announces notifications for them. The data is read from the tables."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from euterpe_service_kit.background import BackgroundLoops

from euterpe_library.storage.notifications import CHANNEL

#: Interval at which the connection is checked.
_CHECK_SECONDS = 5.0


class Announcements:
    """Listens to the announcements of all processes, on one connection."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url.replace("+asyncpg", "")
        self._watches: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._connection: asyncpg.Connection | None = None

    def start(self, loops: BackgroundLoops) -> None:
        """Listen until the loops are stopped."""
        loops.start("announcements", self._check, interval_seconds=_CHECK_SECONDS)

    @contextmanager
    def watch(self, user_id: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set when notifications of a user have changed. Clear it before reading them."""
        event = asyncio.Event()
        self._watches[user_id].add(event)
        try:
            yield event
        finally:
            self._watches[user_id].discard(event)
            if not self._watches[user_id]:
                del self._watches[user_id]

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None

    async def _check(self) -> None:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._url, timeout=5)
                await self._connection.add_listener(CHANNEL, self._on_announcement)
                # Announcements may have been missed while there was no connection.
                for user_id in list(self._watches):
                    self._wake(user_id)
            await self._connection.execute("SELECT 1", timeout=5)
        except BaseException:
            self.close()
            raise

    def _on_announcement(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._wake(str(payload))

    def _wake(self, user_id: str) -> None:
        for event in self._watches.get(user_id, ()):
            event.set()
