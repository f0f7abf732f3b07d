"""Statements over sessions and refresh tokens."""

import uuid
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import RefreshTokenRow, SessionRow


async def lock_session_of(session: AsyncSession, digest: bytes) -> SessionRow | None:
    """The session that a refresh token belongs to, locked, so that its tokens are rotated one after another."""
    owner = select(RefreshTokenRow.session_id).where(RefreshTokenRow.digest == digest).scalar_subquery()
    return await session.scalar(select(SessionRow).where(SessionRow.id == owner).with_for_update())


async def get_token(session: AsyncSession, digest: bytes) -> RefreshTokenRow:
    """A refresh token whose session is locked."""
    row: RefreshTokenRow = await session.get_one(RefreshTokenRow, digest)
    return row


async def forget_sealed(session: AsyncSession, session_id: uuid.UUID) -> None:
    """Removes what is sealed for the holders of a session's earlier tokens."""
    await session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.session_id == session_id, RefreshTokenRow.sealed_successor.is_not(None))
        .values(sealed_successor=None)
    )


async def delete_expired(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> None:
    """Deletes a user's sessions that have ended by themselves, with their tokens."""
    await session.execute(delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.expires_at <= now))
