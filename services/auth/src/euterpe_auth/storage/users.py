"""Statements over accounts."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.users import GUEST_NAME, User
from euterpe_auth.storage.models import UserRow


async def add_user(session: AsyncSession, user: User, password_hash: str) -> bool:
    """Adds an account; False when its name is taken, also by one that is being added at this moment."""
    values = {"id": user.id, "username": user.username, "password_hash": password_hash, "created_at": user.created_at}
    statement = insert(UserRow).values(values).on_conflict_do_nothing().returning(UserRow.id)
    return await session.scalar(statement) is not None


async def add_guest(session: AsyncSession, guest: User) -> None:
    """Adds a guest."""
    session.add(UserRow(id=guest.id, created_at=guest.created_at))
    await session.flush()


async def promote_guest(session: AsyncSession, user: User, password_hash: str) -> bool:
    """Makes a guest's account a registered one; False when there is no such guest.

    Raises IntegrityError when the name is taken.
    """
    statement = (
        update(UserRow)
        .where(UserRow.id == user.id, UserRow.username.is_(None))
        .values(username=user.username, password_hash=password_hash, created_at=user.created_at)
        .returning(UserRow.id)
    )
    return await session.scalar(statement) is not None


async def remove_guest(session: AsyncSession, guest_id: uuid.UUID) -> bool:
    """Deletes a guest and its sessions; False when there is none."""
    statement = delete(UserRow).where(UserRow.id == guest_id, UserRow.username.is_(None)).returning(UserRow.id)
    return await session.scalar(statement) is not None


async def remove_old_guests(session: AsyncSession, moment: datetime, *, limit: int) -> Sequence[uuid.UUID]:
    """Deletes guests from before a moment; returns who they were."""
    old = (
        select(UserRow.id)
        .where(UserRow.username.is_(None), UserRow.created_at < moment)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(delete(UserRow).where(UserRow.id.in_(old)).returning(UserRow.id))).all()


async def remove_user(session: AsyncSession, user_id: uuid.UUID) -> bool:
    """Deletes an account with its sessions and keys; False when it is gone already."""
    return await session.scalar(delete(UserRow).where(UserRow.id == user_id).returning(UserRow.id)) is not None


async def name_is_taken(session: AsyncSession, username: str) -> bool:
    """Whether an account has this name, in whatever case."""
    return await find_by_name(session, username) is not None


async def find_by_name(session: AsyncSession, username: str) -> UserRow | None:
    """The account of this name, in whatever case."""
    return await session.scalar(select(UserRow).where(func.lower(UserRow.username) == func.lower(username)))


async def find_by_id(session: AsyncSession, user_id: uuid.UUID) -> User | None:
    """The account with this id, be it a guest's."""
    row = await session.get(UserRow, user_id)
    if row is None:
        return None
    return User(row.id, row.username or GUEST_NAME, row.created_at, guest=row.username is None)


async def find_registered(session: AsyncSession, user_id: uuid.UUID) -> UserRow | None:
    """The registered account with this id."""
    return await session.scalar(select(UserRow).where(UserRow.id == user_id, UserRow.username.is_not(None)))


async def find_registered_locked(session: AsyncSession, user_id: uuid.UUID) -> UserRow | None:
    """The registered account with this id, which nobody changes or deletes until the transaction ends."""
    statement = select(UserRow).where(UserRow.id == user_id, UserRow.username.is_not(None))
    return await session.scalar(statement.with_for_update())
