"""The audit log."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.storage.models import SecurityEventRow


class SecurityEventRepository:
    """The audit log, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def record(
        self,
        event: SecurityEvent,
        *,
        at: datetime,
        user_id: uuid.UUID | None,
        origin: Origin,
        subject: object = "",
    ) -> None:
        """Add an entry, in the transaction of the event."""
        self._session.add(
            SecurityEventRow(
                happened_at=at,
                event=event.value,
                user_id=user_id,
                subject=str(subject),
                address=origin.address,
                user_agent=origin.user_agent,
            )
        )

    async def of_user(self, user_id: uuid.UUID, *, before: int | None, limit: int | None) -> Sequence[SecurityEventRow]:
        """Return an account's entries, newest first."""
        statement = select(SecurityEventRow).where(SecurityEventRow.user_id == user_id)
        if before is not None:
            statement = statement.where(SecurityEventRow.id < before)
        return (await self._session.scalars(statement.order_by(SecurityEventRow.id.desc()).limit(limit))).all()

    async def delete_older(self, moment: datetime) -> None:
        """Delete the entries before a time."""
        await self._session.execute(delete(SecurityEventRow).where(SecurityEventRow.happened_at < moment))
