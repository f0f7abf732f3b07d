"""Mails to be sent."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import MailRow


class MailRepository:
    """Mails to be sent, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(
        self, mail_id: uuid.UUID, kind: str, sealed_content: bytes, *, due_at: datetime, lifetime: timedelta
    ) -> None:
        """Add a mail, in the transaction of its cause."""
        self._session.add(MailRow(**_values(mail_id, kind, sealed_content, due_at, lifetime)))

    async def add_once(
        self, mail_id: uuid.UUID, kind: str, sealed_content: bytes, *, due_at: datetime, lifetime: timedelta
    ) -> None:
        """Add a mail unless there is one with this id."""
        statement = insert(MailRow).values(_values(mail_id, kind, sealed_content, due_at, lifetime))
        await self._session.execute(statement.on_conflict_do_nothing())

    async def release(self, mail_id: uuid.UUID, now: datetime) -> None:
        """Make a mail due, unless its delivery has begun."""
        waiting = (MailRow.id == mail_id) & (MailRow.attempts == 0)
        await self._session.execute(update(MailRow).where(waiting).values(due_at=now))

    async def claim(self, now: datetime, *, lease: timedelta) -> MailRow | None:
        """Claim the mail that is due longest; others cannot claim it before the lease ends."""
        due = (
            select(MailRow.id)
            .where(MailRow.due_at <= now)
            .order_by(MailRow.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        values = {"due_at": now + lease, "attempts": MailRow.attempts + 1}
        return await self._session.scalar(update(MailRow).where(MailRow.id == due).values(values).returning(MailRow))

    async def postpone(self, mail_id: uuid.UUID, due_at: datetime) -> None:
        """Repeat the delivery later."""
        await self._session.execute(update(MailRow).where(MailRow.id == mail_id).values(due_at=due_at))

    async def remove(self, mail_id: uuid.UUID) -> None:
        """Delete a mail that was sent, or that will not be."""
        await self._session.execute(delete(MailRow).where(MailRow.id == mail_id))

    async def all_locked(self) -> Sequence[MailRow]:
        """Return all mails, locked until the transaction ends."""
        return (await self._session.scalars(select(MailRow).with_for_update())).all()

    async def count(self) -> int:
        """Count the mails."""
        return await self._session.scalar(select(func.count()).select_from(MailRow)) or 0

    async def first_ends(self) -> dict[str, datetime]:
        """Return when the oldest mail of each kind is of no use any more; it was stored one lifetime earlier."""
        statement = select(MailRow.kind, func.min(MailRow.expires_at)).group_by(MailRow.kind)
        rows = await self._session.execute(statement)
        return {row[0]: row[1] for row in rows}


def _values(mail_id: uuid.UUID, kind: str, sealed: bytes, due_at: datetime, lifetime: timedelta) -> dict[str, Any]:
    return {
        "id": mail_id,
        "kind": kind,
        "sealed_content": sealed,
        "due_at": due_at,
        "expires_at": due_at + lifetime,
        "attempts": 0,
    }
