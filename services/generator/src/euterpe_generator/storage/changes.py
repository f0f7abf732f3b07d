"""Who waits for a change is woken by PostgreSQL's NOTIFY; the change itself is always read from the table.

Notifications are sent outside the transactions that they announce: inside, every commit would queue behind one
database-wide lock. One that is lost costs its listeners a poll interval, nothing more.
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
#: The subject that workers listen to: there may be something to claim.
QUEUE = "queue"
#: Something that runs is to be cancelled.
CANCELLATIONS = "cancellations"
#: Somebody wants to see a piece come about.
WATCHERS = "watchers"

_PAUSE_SECONDS = 0.01
_RECONNECT_SECONDS = 1.0
_PAYLOAD_SUBJECTS = 150  # 36 characters each, under NOTIFY's limit of 8,000 bytes


class Watch:
    """What a waiter holds: an event, and the newest state if this process knows it."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.latest: Generation | None = None


class ChangeFeed:
    """Announces changed subjects to this process at once, and to the others through PostgreSQL."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url.replace("+asyncpg", "")
        self._watches: dict[str, set[Watch]] = defaultdict(set)
        self._outbox: set[str] = set()
        self._filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to listen and to send."""
        self._task = asyncio.create_task(self._run(), name="change-feed")

    async def stop(self) -> None:
        """Ends both."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @contextmanager
    def watch(self, subject: str) -> Iterator[Watch]:
        """A watch over the subject; who waits clears its event before looking."""
        watch = Watch()
        self._watches[subject].add(watch)
        try:
            yield watch
        finally:
            self._watches[subject].discard(watch)
            if not self._watches[subject]:
                del self._watches[subject]

    def wake(self, subject: str, latest: Generation | None = None) -> None:
        """Wakes who waits for the subject in this process only, and hands over its newest state."""
        for watch in self._watches.get(subject, ()):
            watch.latest = latest or watch.latest
            watch.changed.set()

    def announce(self, subject: str, latest: Generation | None = None) -> None:
        """Says that a subject has changed; who waits in this process gets the newest state along."""
        self.wake(subject, latest)
        self._outbox.add(subject)
        self._filled.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._session()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("change_feed_lost", error=repr(error))
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _session(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=5, server_settings={"synchronous_commit": "off"})
        try:
            await connection.add_listener(CHANNEL, self._received)
            while True:
                await self._filled.wait()
                await self._send(connection)
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            connection.terminate()

    async def _send(self, connection: "asyncpg.Connection") -> None:
        self._filled.clear()
        subjects, self._outbox = sorted(self._outbox), set()
        for first in range(0, len(subjects), _PAYLOAD_SUBJECTS):
            payload = ",".join(subjects[first : first + _PAYLOAD_SUBJECTS])
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload, timeout=5)

    def _received(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for subject in str(payload).split(","):
            self.wake(subject)
