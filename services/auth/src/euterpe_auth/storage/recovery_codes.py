"""Recovery codes."""

import uuid
from collections.abc import Iterable

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import RecoveryCodeRow


class RecoveryCodeRepository:
    """Unused recovery codes, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace(self, user_id: uuid.UUID, digests: Iterable[bytes]) -> None:
        """Replace all codes of an account, whose row is locked or new."""
        await self._session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
        self._session.add_all(RecoveryCodeRow(digest=digest, user_id=user_id) for digest in digests)

    async def use(self, digest: bytes) -> bool:
        """Delete a code; False when there is none. Of concurrent transactions, one succeeds."""
        statement = delete(RecoveryCodeRow).where(RecoveryCodeRow.digest == digest).returning(RecoveryCodeRow.digest)
        return await self._session.scalar(statement) is not None

    async def count(self, user_id: uuid.UUID) -> int:
        """Count the codes of an account."""
        statement = select(func.count()).where(RecoveryCodeRow.user_id == user_id)
        return await self._session.scalar(statement) or 0
