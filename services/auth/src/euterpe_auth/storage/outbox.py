"""Statements over peer tasks."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.outbox import PeerTask, TaskKind
from euterpe_auth.storage.models import PeerTaskRow


def add(session: AsyncSession, task: PeerTask) -> None:
    """Adds a task, due at once, in the transaction of what it follows from."""
    session.add(
        PeerTaskRow(
            id=task.id,
            kind=task.kind.value,
            listener_id=task.listener_id,
            target_id=task.target_id,
            author=task.author,
            created_at=task.created_at,
            due_at=task.created_at,
            repeat_at=task.repeat_at,
            attempts=0,
        )
    )


async def take(session: AsyncSession, now: datetime, *, lease: timedelta) -> PeerTask | None:
    """The task that is due longest; nobody else gets it before the lease has ended."""
    due = (
        select(PeerTaskRow.id)
        .where(PeerTaskRow.due_at <= now)
        .order_by(PeerTaskRow.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(PeerTaskRow)
        .where(PeerTaskRow.id == due)
        .values(due_at=now + lease, attempts=PeerTaskRow.attempts + 1)
        .returning(PeerTaskRow)
    )
    row = await session.scalar(statement)
    if row is None:
        return None
    return PeerTask(
        row.id,
        TaskKind(row.kind),
        row.listener_id,
        row.created_at,
        target_id=row.target_id,
        author=row.author,
        repeat_at=row.repeat_at,
        attempts=row.attempts,
    )


async def postpone(session: AsyncSession, task_id: uuid.UUID, due_at: datetime) -> None:
    """Has a task tried again later."""
    await session.execute(update(PeerTaskRow).where(PeerTaskRow.id == task_id).values(due_at=due_at))


async def repeat(session: AsyncSession, task_id: uuid.UUID, due_at: datetime) -> None:
    """Has a task done once more, for the last time."""
    values = {"due_at": due_at, "repeat_at": None, "attempts": 0}
    await session.execute(update(PeerTaskRow).where(PeerTaskRow.id == task_id).values(values))


async def remove(session: AsyncSession, task_id: uuid.UUID) -> None:
    """Deletes a task that is done."""
    await session.execute(delete(PeerTaskRow).where(PeerTaskRow.id == task_id))


async def count(session: AsyncSession) -> int:
    """How many there are."""
    return await session.scalar(select(func.count()).select_from(PeerTaskRow)) or 0


async def delete_instead(session: AsyncSession, target_id: uuid.UUID) -> None:
    """Turns what was to be given to a listener, who has left since, into deletions."""
    values = {"kind": TaskKind.DELETE_LISTENER.value, "target_id": None, "repeat_at": None}
    await session.execute(update(PeerTaskRow).where(PeerTaskRow.target_id == target_id).values(values))
