"""Executes outbox tasks at the library and the generator until both have confirmed, also after a crash."""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import ServiceError
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.outbox import OutboxTask, TaskKind, backoff
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.storage.outbox import OutboxRepository

log = structlog.get_logger(__name__)

_POLL_SECONDS = 5.0
#: A task of a worker that dies is available to others after this time.
_LEASE = timedelta(minutes=2)
#: A transfer is repeated after this time, for songs of generations in progress or of the guest's last token.
_SECOND_TRANSFER = timedelta(hours=1)


class Peer(Protocol):
    """A service with users' data. Both methods do a part of the work, and are idempotent."""

    async def delete(self, user_id: uuid.UUID) -> bool:
        """Delete a user's data; whether nothing is left."""
        ...

    async def transfer(self, user_id: uuid.UUID, target_id: uuid.UUID, name: str) -> bool:
        """Transfer a user's data to another user with this name; whether nothing is left."""
        ...


class Outbox:
    """The tasks, and the loop that executes them; every replica runs one."""

    def __init__(self, database: Database, peers: Sequence[Peer], metrics: AuthMetrics, clock: Clock) -> None:
        self._database = database
        self._peers = peers
        self._metrics = metrics
        self._clock = clock
        self._wake_event = asyncio.Event()

    def add(
        self,
        session: AsyncSession,
        kind: TaskKind,
        user_id: uuid.UUID,
        *,
        target_id: uuid.UUID | None = None,
        author: str = "",
    ) -> None:
        """Add a task in the caller's transaction. The caller calls `wake` after the commit."""
        now = self._clock()
        repeat_at = now + _SECOND_TRANSFER if kind is TaskKind.TRANSFER_SONGS else None
        task = OutboxTask(uuid.uuid4(), kind, user_id, now, target_id=target_id, author=author, repeat_at=repeat_at)
        OutboxRepository(session).add(task)

    def wake(self) -> None:
        """Make the loop look for tasks now."""
        self._wake_event.set()

    async def deliver(self) -> None:
        """Execute all tasks that are due, then wait for the next ones."""
        self._wake_event.clear()
        while await self.run_one():
            pass
        await self._update_gauge()
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._wake_event.wait()

    async def run_one(self) -> bool:
        """Execute the task that is due longest; return False when none is due, or no peers are configured."""
        if not self._peers:
            return False
        async with self._database.sessions.begin() as session:
            task = await OutboxRepository(session).claim(self._clock(), lease=_LEASE)
        if task is None:
            return False
        try:
            await self._execute(task)
        except ServiceError as error:
            await self._postpone(task, error)
        else:
            await self._complete(task)
        return True

    async def _execute(self, task: OutboxTask) -> None:
        # The generator comes first, so that it registers no further songs at the library.
        for peer in self._peers:
            while not await self._call(peer, task):
                async with self._database.sessions.begin() as session:
                    await OutboxRepository(session).postpone(task.id, self._clock() + _LEASE)

    async def _call(self, peer: Peer, task: OutboxTask) -> bool:
        if task.kind is TaskKind.DELETE_LISTENER:
            return await peer.delete(task.user_id)
        assert task.target_id is not None, "a transfer has a target"
        return await peer.transfer(task.user_id, task.target_id, task.author)

    async def _complete(self, task: OutboxTask) -> None:
        async with self._database.sessions.begin() as session:
            if task.repeat_at is not None:
                await OutboxRepository(session).repeat(task.id, task.repeat_at)
            else:
                await OutboxRepository(session).remove(task.id)
        self._metrics.outbox_tasks.labels("success").inc()
        log.info("peer_task_done", kind=task.kind.value, user_id=str(task.user_id), attempts=task.attempts)

    async def _postpone(self, task: OutboxTask, error: ServiceError) -> None:
        pause = backoff(task.attempts)
        async with self._database.sessions.begin() as session:
            await OutboxRepository(session).postpone(task.id, self._clock() + pause)
        self._metrics.outbox_tasks.labels("failure").inc()
        log.warning(
            "peer_task_postponed",
            kind=task.kind.value,
            user_id=str(task.user_id),
            attempts=task.attempts,
            seconds=pause.total_seconds(),
            error=error.detail,
        )

    async def _update_gauge(self) -> None:
        async with self._database.sessions() as session:
            self._metrics.outbox_tasks_waiting.set(await OutboxRepository(session).count())
