"""Outbox tasks."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.outbox import OutboxTask, TaskKind
from euterpe_auth.storage.models import OutboxRow


class OutboxRepository:
    """Outbox tasks, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, task: OutboxTask) -> None:
        """Add a task that is due at once, in the transaction of its cause."""
        self._session.add(
            OutboxRow(
                id=task.id,
                kind=task.kind.value,
                listener_id=task.user_id,
                target_id=task.target_id,
                author=task.author,
                created_at=task.created_at,
                due_at=task.created_at,
                repeat_at=task.repeat_at,
                attempts=0,
            )
        )

    async def claim(self, now: datetime, *, lease: timedelta) -> OutboxTask | None:
        """Claim the task that is due longest; others cannot claim it before the lease ends."""
        due = (
            select(OutboxRow.id)
            .where(OutboxRow.due_at <= now)
            .order_by(OutboxRow.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        statement = (
            update(OutboxRow)
            .where(OutboxRow.id == due)
            .values(due_at=now + lease, attempts=OutboxRow.attempts + 1)
            .returning(OutboxRow)
        )
        row = await self._session.scalar(statement)
        if row is None:
            return None
        return OutboxTask(
            row.id,
            TaskKind(row.kind),
            row.listener_id,
            row.created_at,
            target_id=row.target_id,
            author=row.author,
            repeat_at=row.repeat_at,
            attempts=row.attempts,
        )

    async def postpone(self, task_id: uuid.UUID, due_at: datetime) -> None:
        """Retry a task later."""
        await self._session.execute(update(OutboxRow).where(OutboxRow.id == task_id).values(due_at=due_at))

    async def repeat(self, task_id: uuid.UUID, due_at: datetime) -> None:
        """Repeat a task once more, at a later time."""
        values = {"due_at": due_at, "repeat_at": None, "attempts": 0}
        await self._session.execute(update(OutboxRow).where(OutboxRow.id == task_id).values(values))

    async def remove(self, task_id: uuid.UUID) -> None:
        """Delete a completed task."""
        await self._session.execute(delete(OutboxRow).where(OutboxRow.id == task_id))

    async def count(self) -> int:
        """Count the tasks."""
        return await self._session.scalar(select(func.count()).select_from(OutboxRow)) or 0

    async def turn_transfers_into_deletions(self, target_id: uuid.UUID) -> None:
        """Turn transfers to a deleted user into deletions."""
        values = {"kind": TaskKind.DELETE_LISTENER.value, "target_id": None, "repeat_at": None}
        await self._session.execute(update(OutboxRow).where(OutboxRow.target_id == target_id).values(values))
