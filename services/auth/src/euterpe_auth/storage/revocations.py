"""Revoked users, sessions and API keys."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import RevocationRow

#: The longest lifetime of an access token (15 minutes), and a minute for tokens that are being signed.
_KEPT: Final = timedelta(minutes=16)


class RevocationRepository:
    """Revocations, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, ids: Sequence[uuid.UUID], now: datetime) -> None:
        """Refuse the access tokens of these users, sessions or API keys, in the transaction that ends them."""
        if not ids:
            return
        rows = [{"id": each, "expires_at": now + _KEPT} for each in ids]
        statement = insert(RevocationRow).values(rows)
        renewed = {"expires_at": statement.excluded.expires_at}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=renewed))

    async def remove(self, ids: Sequence[uuid.UUID]) -> None:
        """Accept the tokens of these API keys again."""
        await self._session.execute(delete(RevocationRow).where(RevocationRow.id.in_(ids)))

    async def current(self, now: datetime) -> Sequence[uuid.UUID]:
        """Return the revoked ids in their order."""
        statement = select(RevocationRow.id).where(RevocationRow.expires_at > now).order_by(RevocationRow.id)
        return (await self._session.scalars(statement)).all()

    async def delete_expired(self, now: datetime) -> None:
        """Delete the revocations whose tokens have expired."""
        await self._session.execute(delete(RevocationRow).where(RevocationRow.expires_at <= now))
