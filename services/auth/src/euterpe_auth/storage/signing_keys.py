"""Statements over signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
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
