"""Statements over sessions and refresh tokens."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import RefreshTokenRow, SessionRow, UserRow


async def lock_session_of(session: AsyncSession, digest: bytes) -> SessionRow | None:
    """The session that a refresh token belongs to, locked, so that its tokens are rotated one after another."""
    owner = select(RefreshTokenRow.session_id).where(RefreshTokenRow.digest == digest).scalar_subquery()
    return await session.scalar(select(SessionRow).where(SessionRow.id == owner).with_for_update())


async def get_token(session: AsyncSession, digest: bytes) -> RefreshTokenRow:
    """A refresh token whose session is locked."""
    row: RefreshTokenRow = await session.get_one(RefreshTokenRow, digest)
    return row


async def forget_sealed(session: AsyncSession, session_ids: Sequence[uuid.UUID]) -> None:
    """Removes what is sealed for the holders of earlier tokens of these sessions."""
    await session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.session_id.in_(session_ids), RefreshTokenRow.sealed_successor.is_not(None))
        .values(sealed_successor=None)
    )


async def active(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> Sequence[SessionRow]:
    """A user's sessions that have not ended, the one used last first."""
    statement = select(SessionRow).where(
        SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), SessionRow.expires_at > now
    )
    return (await session.scalars(statement.order_by(SessionRow.last_used_at.desc(), SessionRow.id))).all()


async def revoke(
    session: AsyncSession,
    user_id: uuid.UUID,
    now: datetime,
    *,
    only: uuid.UUID | None = None,
    but: uuid.UUID | None = None,
) -> int:
    """Ends a user's sessions: all, one, or all but one. Returns how many were ended by this."""
    statement = update(SessionRow).where(
        SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), SessionRow.expires_at > now
    )
    if only is not None:
        statement = statement.where(SessionRow.id == only)
    if but is not None:
        statement = statement.where(SessionRow.id != but)
    ended = (await session.scalars(statement.values(revoked_at=now).returning(SessionRow.id))).all()
    if ended:
        await forget_sealed(session, ended)
    return len(ended)


async def logged_in_from(session: AsyncSession, username: str, address: str) -> bool:
    """Whether the account of this name, if there is one, had a session at this address."""
    statement = select(
        exists()
        .where(UserRow.id == SessionRow.user_id)
        .where(func.lower(UserRow.username) == func.lower(username), SessionRow.address == address)
    )
    return bool(await session.scalar(statement))


async def delete_all(session: AsyncSession, user_id: uuid.UUID) -> None:
    """Deletes a user's sessions with their tokens."""
    await session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))


async def delete_expired(session: AsyncSession, now: datetime, *, user_id: uuid.UUID | None = None) -> None:
    """Deletes the sessions, all or a user's, that have ended by themselves, with their tokens."""
    statement = delete(SessionRow).where(SessionRow.expires_at <= now)
    if user_id is not None:
        statement = statement.where(SessionRow.user_id == user_id)
    await session.execute(statement)
