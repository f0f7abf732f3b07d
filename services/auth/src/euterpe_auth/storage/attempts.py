"""Counted attempts."""

from datetime import datetime

from sqlalchemy import BindParameter, DateTime, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.attempts import Charge
from euterpe_auth.storage.models import AttemptsRow


class AttemptRepository:
    """Counted attempts, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def charge(self, attempt: Charge, now: datetime) -> datetime | None:
        """Count an attempt, or return when the next one is allowed.

        A single statement, so that concurrent attempts are counted one after another.
        """
        cost, window = attempt.limit.cost, attempt.limit.window
        settled = func.greatest(AttemptsRow.settled_at, _time(now)) + cost
        statement = (
            insert(AttemptsRow)
            .values(key=attempt.key, settled_at=now + cost)
            .on_conflict_do_update(
                index_elements=["key"], set_={"settled_at": settled}, where=settled <= _time(now + window)
            )
            .returning(AttemptsRow.settled_at)
        )
        if await self._session.scalar(statement) is not None:
            return None
        before = await self._session.scalar(select(AttemptsRow.settled_at).where(AttemptsRow.key == attempt.key))
        return now if before is None else before + cost - window

    async def refund(self, attempt: Charge) -> None:
        """Uncount an attempt."""
        settled = AttemptsRow.settled_at - attempt.limit.cost
        await self._session.execute(
            update(AttemptsRow).where(AttemptsRow.key == attempt.key).values(settled_at=settled)
        )

    async def reset(self, key: bytes) -> None:
        """Uncount all attempts under a key."""
        await self._session.execute(delete(AttemptsRow).where(AttemptsRow.key == key))

    async def delete_settled(self, now: datetime) -> None:
        """Delete the attempts that no longer count."""
        await self._session.execute(delete(AttemptsRow).where(AttemptsRow.settled_at < now))


def _time(moment: datetime) -> BindParameter[datetime]:
    # Next to a function call, the driver would infer a time without a zone.
    return literal(moment, DateTime(timezone=True))
