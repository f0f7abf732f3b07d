"""Notifications of changes through PostgreSQL's NOTIFY. They only wake waiters; the data is always read from tables.

Notifications are sent outside the transactions that they announce: inside, every commit would wait for one lock of the
whole database. A lost notification delays its waiters by one poll interval.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncpg
import structlog

from euterpe_generator.domain.generation import Generation

log = structlog.get_logger(__name__)

CHANNEL = "generator_changes"
#: Subject for workers: there may be generations to claim.
QUEUE = "queue"
#: Subject for workers: a running generation is to be cancelled.
CANCELLATIONS = "cancellations"
#: Subject for workers: a client watches the events of a generation.
WATCHERS = "watchers"

_BATCH_SECONDS = 0.01
_RECONNECT_SECONDS = 1.0
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
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start listening and sending."""
        self._task = asyncio.create_task(self._run(), name="change-feed")

    async def stop(self) -> None:
        """Stop listening and sending."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

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

    async def _run(self) -> None:
        while True:
            try:
                await self._run_connection()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("change_feed_lost", error=repr(error))
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _run_connection(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=5, server_settings={"synchronous_commit": "off"})
        try:
            await connection.add_listener(CHANNEL, self._on_notification)
            while True:
                await self._has_unsent.wait()
                await self._send(connection)
                await asyncio.sleep(_BATCH_SECONDS)
        finally:
            connection.terminate()

    async def _send(self, connection: "asyncpg.Connection") -> None:
        self._has_unsent.clear()
        subjects, self._unsent = sorted(self._unsent), set()
        for first in range(0, len(subjects), _MAX_SUBJECTS):
            payload = ",".join(subjects[first : first + _MAX_SUBJECTS])
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload, timeout=5)

    def _on_notification(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for subject in str(payload).split(","):
            self.notify_local(subject)
