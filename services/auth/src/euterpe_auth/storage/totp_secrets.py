"""Secrets of authenticator apps."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import TotpSecretRow


class TotpSecretRepository:
    """Secrets of authenticator apps, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, user_id: uuid.UUID) -> TotpSecretRow | None:
        """Return the secret of an account, locked until the transaction ends, so that each code is used once."""
        return await self._session.get(TotpSecretRow, user_id, with_for_update=True)

    async def is_enabled(self, user_id: uuid.UUID) -> bool:
        """Whether logins of an account need a code."""
        statement = select(TotpSecretRow.user_id).where(
            TotpSecretRow.user_id == user_id, TotpSecretRow.enabled_at.is_not(None)
        )
        return await self._session.scalar(statement) is not None

    async def put(self, user_id: uuid.UUID, sealed_secret: bytes) -> bool:
        """Store a secret that is not confirmed yet, in place of such a one; False if there is a confirmed one."""
        values = {"user_id": user_id, "sealed_secret": sealed_secret, "last_timecode": 0}
        statement = (
            insert(TotpSecretRow)
            .values(values)
            .on_conflict_do_update(
                index_elements=["user_id"],
                set_={"sealed_secret": sealed_secret, "last_timecode": 0},
                where=TotpSecretRow.enabled_at.is_(None),
            )
            .returning(TotpSecretRow.user_id)
        )
        return await self._session.scalar(statement) is not None

    async def remove(self, user_id: uuid.UUID) -> bool:
        """Delete the secret of an account; False when there is no confirmed one."""
        statement = delete(TotpSecretRow).where(TotpSecretRow.user_id == user_id).returning(TotpSecretRow.enabled_at)
        return await self._session.scalar(statement) is not None

    async def all_locked(self) -> Sequence[TotpSecretRow]:
        """Return all secrets, locked until the transaction ends."""
        return (await self._session.scalars(select(TotpSecretRow).with_for_update())).all()
