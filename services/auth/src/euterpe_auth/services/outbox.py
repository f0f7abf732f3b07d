"""Tells the peers what has become of listeners, until it has confirmed: also after a crash, also days later."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import structlog
from euterpe_service_kit.database import Database, is_unavailable
from euterpe_service_kit.errors import ServiceError
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.outbox import PeerTask, TaskKind, backoff
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.storage import outbox as peer_tasks

log = structlog.get_logger(__name__)

_POLL_SECONDS = 5.0
#: Whoever has taken a task and dies keeps it from the others for so long.
_LEASE = timedelta(minutes=2)
#: Songs that come in afterwards, from a generation in progress or with a guest's last token, are moved then.
_SECOND_TRANSFER = timedelta(hours=1)


class Peer(Protocol):
    """A service that keeps what is a listener's. Both calls do a piece of the work, and are harmless when repeated."""

    async def delete(self, listener_id: uuid.UUID) -> bool:
        """Removes what is a listener's; whether nothing is left."""
        ...

    async def transfer(self, listener_id: uuid.UUID, target_id: uuid.UUID, name: str) -> bool:
        """Gives what is a listener's to another, of this name; whether nothing is left."""
        ...


class PeerTasks:
    """The table of tasks, and the loop that works them off; every replica runs one."""

    def __init__(self, database: Database, peers: Sequence[Peer], metrics: AuthMetrics, clock: Clock) -> None:
        self._database = database
        self._peers = peers
        self._metrics = metrics
        self._clock = clock
        self._woken = asyncio.Event()

    def add(
        self,
        session: AsyncSession,
        kind: TaskKind,
        listener_id: uuid.UUID,
        *,
        target_id: uuid.UUID | None = None,
        author: str = "",
    ) -> None:
        """Adds a task in the caller's transaction, which calls `wake` once it has ended."""
        now = self._clock()
        repeat_at = now + _SECOND_TRANSFER if kind is TaskKind.TRANSFER_SONGS else None
        task = PeerTask(uuid.uuid4(), kind, listener_id, now, target_id=target_id, author=author, repeat_at=repeat_at)
        peer_tasks.add(session, task)

    def wake(self) -> None:
        """Has the loop look for tasks now rather than at its next round."""
        self._woken.set()

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            self._woken.clear()
            try:
                while await self.work_one():
                    pass
                await self._count()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("peer_tasks_failed")
            try:
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def work_one(self) -> bool:
        """Does the task that is due longest; False when none is due, or when there is nobody to tell."""
        if not self._peers:
            return False
        async with self._database.sessions.begin() as session:
            task = await peer_tasks.take(session, self._clock(), lease=_LEASE)
        if task is None:
            return False
        try:
            await self._tell(task)
        except ServiceError as error:
            await self._postpone(task, error)
        else:
            await self._finish(task)
        return True

    async def _tell(self, task: PeerTask) -> None:
        # In their order: what composes is told before what keeps the pieces, so that none comes in behind it.
        for peer in self._peers:
            while not await self._piece(peer, task):
                async with self._database.sessions.begin() as session:
                    await peer_tasks.postpone(session, task.id, self._clock() + _LEASE)

    async def _piece(self, peer: Peer, task: PeerTask) -> bool:
        if task.kind is TaskKind.DELETE_LISTENER:
            return await peer.delete(task.listener_id)
        assert task.target_id is not None, "a transfer has a target"
        return await peer.transfer(task.listener_id, task.target_id, task.author)

    async def _finish(self, task: PeerTask) -> None:
        async with self._database.sessions.begin() as session:
            if task.repeat_at is not None:
                await peer_tasks.repeat(session, task.id, task.repeat_at)
            else:
                await peer_tasks.remove(session, task.id)
        self._metrics.peer_tasks.labels("success").inc()
        log.info("peer_task_done", kind=task.kind.value, user_id=str(task.listener_id), attempts=task.attempts)

    async def _postpone(self, task: PeerTask, error: ServiceError) -> None:
        pause = backoff(task.attempts)
        async with self._database.sessions.begin() as session:
            await peer_tasks.postpone(session, task.id, self._clock() + pause)
        self._metrics.peer_tasks.labels("failure").inc()
        log.warning(
            "peer_task_postponed",
            kind=task.kind.value,
            user_id=str(task.listener_id),
            attempts=task.attempts,
            seconds=pause.total_seconds(),
            error=error.detail,
        )

    async def _count(self) -> None:
        async with self._database.sessions() as session:
            self._metrics.peer_tasks_waiting.set(await peer_tasks.count(session))
