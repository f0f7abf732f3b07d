"""Statements over counted attempts."""

from datetime import datetime

from sqlalchemy import BindParameter, DateTime, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.attempts import Charge
from euterpe_auth.storage.models import AttemptsRow


async def charge(session: AsyncSession, attempt: Charge, now: datetime) -> datetime | None:
    """Counts an attempt, or, when there were too many, returns when the next one will be allowed.

    One statement, so that attempts at the same moment are counted one after another.
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
    if await session.scalar(statement) is not None:
        return None
    before = await session.scalar(select(AttemptsRow.settled_at).where(AttemptsRow.key == attempt.key))
    return now if before is None else before + cost - window


async def give_back(session: AsyncSession, attempt: Charge) -> None:
    """Takes an attempt back, because it was none: it succeeded."""
    settled = AttemptsRow.settled_at - attempt.limit.cost
    await session.execute(update(AttemptsRow).where(AttemptsRow.key == attempt.key).values(settled_at=settled))


async def forget(session: AsyncSession, key: bytes) -> None:
    """Forgets all attempts under a key."""
    await session.execute(delete(AttemptsRow).where(AttemptsRow.key == key))


async def delete_settled(session: AsyncSession, now: datetime) -> None:
    """Deletes what counts for nothing any more."""
    await session.execute(delete(AttemptsRow).where(AttemptsRow.settled_at < now))


def _time(moment: datetime) -> BindParameter[datetime]:
    # Beside a function, the driver would take it for a time without a zone.
    return literal(moment, DateTime(timezone=True))
