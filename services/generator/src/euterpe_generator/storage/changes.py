"""Notifications of changes through PostgreSQL's NOTIFY. They only wake waiters; the data is always read from tables.

Notifications are sent outside the transactions that they announce: inside, every commit would wait for one lock of the
whole database. A lost notification delays its waiters by one poll interval.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncpg
from euterpe_service_kit.background import BackgroundLoops

from euterpe_generator.domain.generation import Generation

CHANNEL = "generator_changes"
#: Subject for workers: there may be generations to claim.
QUEUE = "queue"
#: Subject for workers: a running generation is to be cancelled.
CANCELLATIONS = "cancellations"
#: Subject for workers: a client watches the events of a generation.
WATCHERS = "watchers"

_BATCH_SECONDS = 0.01
#: Interval at which an idle connection is checked.
_CHECK_SECONDS = 5.0
_MAX_SUBJECTS = 150  # of 36 characters each, to stay within NOTIFY's limit of 8,000 bytes


class Watch:
    """An event that is set on changes of a subject, and the latest state if it is known in this process."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.latest: Generation | None = None


class ChangeFeed:
    """Announces changed subjects, to this process at once and to others through PostgreSQL."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url.replace("+asyncpg", "")
        self._watches: dict[str, set[Watch]] = defaultdict(set)
        self._unsent: set[str] = set()
        self._has_unsent = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    def start(self, loops: BackgroundLoops) -> None:
        """Start listening and sending, until the loops are stopped."""
        loops.start("changes", self._turn, interval_seconds=_BATCH_SECONDS)

    @contextmanager
    def watch(self, subject: str) -> Iterator[Watch]:
        """Watch a subject. Clear the watch's event before reading the data, not after."""
        watch = Watch()
        self._watches[subject].add(watch)
        try:
            yield watch
        finally:
            self._watches[subject].discard(watch)
            if not self._watches[subject]:
                del self._watches[subject]

    def notify_local(self, subject: str, latest: Generation | None = None) -> None:
        """Set the events of this process's watches of a subject, and pass them its latest state."""
        for watch in self._watches.get(subject, ()):
            watch.latest = latest or watch.latest
            watch.changed.set()

    def announce(self, subject: str, latest: Generation | None = None) -> None:
        """Notify all processes that a subject has changed; watches of this one also get its latest state."""
        self.notify_local(subject, latest)
        self._unsent.add(subject)
        self._has_unsent.set()

    async def _turn(self) -> None:
        try:
            connection = await self._connected()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_SECONDS):
                    await self._has_unsent.wait()
            if self._has_unsent.is_set():
                await self._send(connection)
        except BaseException:
            self.close()
            raise

    async def _connected(self) -> "asyncpg.Connection":
        if self._connection is not None and self._connection.is_closed():
            self.close()
        if self._connection is None:
            settings = {"synchronous_commit": "off"}
            self._connection = await asyncpg.connect(self._url, timeout=5, server_settings=settings)
            await self._connection.add_listener(CHANNEL, self._on_notification)
        return self._connection

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None

    async def _send(self, connection: "asyncpg.Connection") -> None:
        self._has_unsent.clear()
        subjects, self._unsent = sorted(self._unsent), set()
        for first in range(0, len(subjects), _MAX_SUBJECTS):
            payload = ",".join(subjects[first : first + _MAX_SUBJECTS])
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload, timeout=5)

    def _on_notification(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for subject in str(payload).split(","):
            self.notify_local(subject)
