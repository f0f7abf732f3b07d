"""Passkeys and their challenges."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import PasskeyChallengeRow, PasskeyRow


class PasskeyRepository:
    """Passkeys and their challenges, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_user(self, user_id: uuid.UUID) -> Sequence[PasskeyRow]:
        """Return an account's passkeys, newest first."""
        statement = select(PasskeyRow).where(PasskeyRow.user_id == user_id).order_by(PasskeyRow.created_at.desc())
        return (await self._session.scalars(statement)).all()

    async def lock_by_credential(self, credential_id: bytes) -> PasskeyRow | None:
        """Return the passkey with this credential id, locked, so that its sign count grows in order."""
        statement = select(PasskeyRow).where(PasskeyRow.credential_id == credential_id)
        return await self._session.scalar(statement.with_for_update())

    async def rename(self, user_id: uuid.UUID, passkey_id: uuid.UUID, name: str) -> PasskeyRow | None:
        """Rename a passkey, and return it; None when the account has none with this id."""
        statement = update(PasskeyRow).where(PasskeyRow.id == passkey_id, PasskeyRow.user_id == user_id)
        return await self._session.scalar(statement.values(name=name).returning(PasskeyRow))

    async def remove(self, user_id: uuid.UUID, passkey_id: uuid.UUID) -> bool:
        """Delete a passkey; False when the account has none with this id."""
        statement = delete(PasskeyRow).where(PasskeyRow.id == passkey_id, PasskeyRow.user_id == user_id)
        return await self._session.scalar(statement.returning(PasskeyRow.id)) is not None

    def add_challenge(self, challenge: bytes, user_id: uuid.UUID | None, expires_at: datetime) -> None:
        """Add a challenge: for a new passkey of an account, or for a login."""
        self._session.add(PasskeyChallengeRow(challenge=challenge, user_id=user_id, expires_at=expires_at))

    async def use_challenge(self, challenge: bytes, user_id: uuid.UUID | None, now: datetime) -> bool:
        """Delete a challenge; False if it is unknown, expired, used before, or that of another account."""
        statement = delete(PasskeyChallengeRow).where(
            PasskeyChallengeRow.challenge == challenge,
            PasskeyChallengeRow.expires_at > now,
            PasskeyChallengeRow.user_id.is_not_distinct_from(user_id),
        )
        return await self._session.scalar(statement.returning(PasskeyChallengeRow.challenge)) is not None

    async def delete_expired_challenges(self, now: datetime) -> None:
        """Delete the challenges that are no longer valid."""
        await self._session.execute(delete(PasskeyChallengeRow).where(PasskeyChallengeRow.expires_at <= now))
