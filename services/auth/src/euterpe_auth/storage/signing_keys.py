"""Statements over signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import SigningKeyRow

#: Any number does, as long as nothing else in this database locks the same one.
_LOCK = 0x6575_7465_7270_6501


async def published_keys(session: AsyncSession, now: datetime) -> Sequence[SigningKeyRow]:
    """The keys that verify at present, the newest first."""
    statement = (
        select(SigningKeyRow)
        .where(or_(SigningKeyRow.published_until.is_(None), SigningKeyRow.published_until > now))
        .order_by(SigningKeyRow.signs_from.desc(), SigningKeyRow.kid)
    )
    return (await session.scalars(statement)).all()


async def lock_key_making(session: AsyncSession) -> None:
    """Lets one replica at a time make keys, until its transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


async def retire(session: AsyncSession, kids: Sequence[str], published_until: datetime) -> None:
    """Has keys leave the published set at a time."""
    await session.execute(
        update(SigningKeyRow).where(SigningKeyRow.kid.in_(kids)).values(published_until=published_until)
    )


async def delete_retired(session: AsyncSession, now: datetime) -> None:
    """Deletes the keys whose tokens are accepted no more: a private key that is gone cannot leak."""
    await session.execute(delete(SigningKeyRow).where(SigningKeyRow.published_until <= now))
