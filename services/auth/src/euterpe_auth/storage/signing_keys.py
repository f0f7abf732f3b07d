"""Signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import SigningKeyRow

#: Any number does, as long as nothing else in this database locks the same one.
_LOCK = 0x6575_7465_7270_6501


class SigningKeyRepository:
    """Signing keys, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def published(self, now: datetime) -> Sequence[SigningKeyRow]:
        """Return the keys that currently verify tokens, newest first."""
        statement = (
            select(SigningKeyRow)
            .where(or_(SigningKeyRow.published_until.is_(None), SigningKeyRow.published_until > now))
            .order_by(SigningKeyRow.signs_from.desc(), SigningKeyRow.kid)
        )
        return (await self._session.scalars(statement)).all()

    async def lock_creation(self) -> None:
        """Allow one replica at a time to create keys, until its transaction ends."""
        await self._session.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def retire(self, kids: Sequence[str], published_until: datetime) -> None:
        """Set when keys leave the published set."""
        await self._session.execute(
            update(SigningKeyRow).where(SigningKeyRow.kid.in_(kids)).values(published_until=published_until)
        )

    async def delete_retired(self, now: datetime) -> None:
        """Delete the keys whose tokens are no longer accepted; a deleted private key cannot leak."""
        await self._session.execute(delete(SigningKeyRow).where(SigningKeyRow.published_until <= now))
