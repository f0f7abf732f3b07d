"""Statements over the audit log."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.storage.models import SecurityEventRow


def record(
    session: AsyncSession,
    event: SecurityEvent,
    *,
    at: datetime,
    user_id: uuid.UUID | None,
    origin: Origin,
    subject: object = "",
) -> None:
    """Adds a line, in the transaction of what it tells about."""
    session.add(
        SecurityEventRow(
            happened_at=at,
            event=event.value,
            user_id=user_id,
            subject=str(subject),
            address=origin.address,
            user_agent=origin.user_agent,
        )
    )


async def of_user(
    session: AsyncSession, user_id: uuid.UUID, *, before: int | None, limit: int
) -> Sequence[SecurityEventRow]:
    """An account's lines, the newest first."""
    statement = select(SecurityEventRow).where(SecurityEventRow.user_id == user_id)
    if before is not None:
        statement = statement.where(SecurityEventRow.id < before)
    return (await session.scalars(statement.order_by(SecurityEventRow.id.desc()).limit(limit))).all()


async def delete_older(session: AsyncSession, moment: datetime) -> None:
    """Deletes the lines from before a moment."""
    await session.execute(delete(SecurityEventRow).where(SecurityEventRow.happened_at < moment))
