"""Sessions and refresh tokens."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import RefreshTokenRow, SessionRow, UserRow
from euterpe_auth.storage.revocations import RevocationRepository


class SessionRepository:
    """Sessions and refresh tokens, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_by_token(self, digest: bytes) -> SessionRow | None:
        """Return the session of a refresh token, locked, so that its tokens are rotated one after another."""
        owner = select(RefreshTokenRow.session_id).where(RefreshTokenRow.digest == digest).scalar_subquery()
        return await self._session.scalar(select(SessionRow).where(SessionRow.id == owner).with_for_update())

    async def get_token(self, digest: bytes) -> RefreshTokenRow:
        """Return a refresh token, whose session is locked."""
        row: RefreshTokenRow = await self._session.get_one(RefreshTokenRow, digest)
        return row

    async def delete_sealed_successors(self, session_ids: Sequence[uuid.UUID]) -> None:
        """Delete the sealed successors of earlier tokens of these sessions."""
        await self._session.execute(
            update(RefreshTokenRow)
            .where(RefreshTokenRow.session_id.in_(session_ids), RefreshTokenRow.sealed_successor.is_not(None))
            .values(sealed_successor=None)
        )

    async def active(self, user_id: uuid.UUID, now: datetime) -> Sequence[SessionRow]:
        """Return a user's active sessions, the one used last first."""
        statement = select(SessionRow).where(
            SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), SessionRow.expires_at > now
        )
        return (await self._session.scalars(statement.order_by(SessionRow.last_used_at.desc(), SessionRow.id))).all()

    async def get_active(self, user_id: uuid.UUID, session_id: uuid.UUID, now: datetime) -> SessionRow | None:
        """Return one session of a user, or None if it has ended."""
        return await self._session.scalar(
            select(SessionRow).where(
                SessionRow.id == session_id,
                SessionRow.user_id == user_id,
                SessionRow.revoked_at.is_(None),
                SessionRow.expires_at > now,
            )
        )

    async def revoke(
        self,
        user_id: uuid.UUID,
        now: datetime,
        *,
        only: uuid.UUID | None = None,
        but: uuid.UUID | None = None,
    ) -> int:
        """End a user's sessions: all, one, or all but one. Return how many were active."""
        statement = update(SessionRow).where(
            SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), SessionRow.expires_at > now
        )
        if only is not None:
            statement = statement.where(SessionRow.id == only)
        if but is not None:
            statement = statement.where(SessionRow.id != but)
        ended = (await self._session.scalars(statement.values(revoked_at=now).returning(SessionRow.id))).all()
        if ended:
            await self.delete_sealed_successors(ended)
            await RevocationRepository(self._session).add(ended, now)
        return len(ended)

    async def has_session_from(self, username: str, address: str) -> bool:
        """Whether the account of this name, if it exists, had a session at this address."""
        statement = select(
            exists()
            .where(UserRow.id == SessionRow.user_id)
            .where(func.lower(UserRow.username) == func.lower(username), SessionRow.address == address)
        )
        return bool(await self._session.scalar(statement))

    async def delete_all(self, user_id: uuid.UUID, now: datetime) -> None:
        """Delete a user's sessions with their tokens, and revoke their access tokens."""
        statement = delete(SessionRow).where(SessionRow.user_id == user_id).returning(SessionRow.id)
        await RevocationRepository(self._session).add((await self._session.scalars(statement)).all(), now)

    async def delete_expired(self, now: datetime, *, user_id: uuid.UUID | None = None) -> None:
        """Delete the expired sessions of all users or of one, with their tokens."""
        statement = delete(SessionRow).where(SessionRow.expires_at <= now)
        if user_id is not None:
            statement = statement.where(SessionRow.user_id == user_id)
        await self._session.execute(statement)
