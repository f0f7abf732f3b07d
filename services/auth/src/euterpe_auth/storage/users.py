"""Statements over accounts."""

import uuid

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.users import User
from euterpe_auth.storage.models import UserRow


async def add_user(session: AsyncSession, user: User, password_hash: str) -> bool:
    """Adds an account; False when its name is taken, also by one that is being added at this moment."""
    values = {"id": user.id, "username": user.username, "password_hash": password_hash, "created_at": user.created_at}
    statement = insert(UserRow).values(values).on_conflict_do_nothing().returning(UserRow.id)
    return await session.scalar(statement) is not None


async def name_is_taken(session: AsyncSession, username: str) -> bool:
    """Whether an account has this name, in whatever case."""
    return await find_by_name(session, username) is not None


async def find_by_name(session: AsyncSession, username: str) -> UserRow | None:
    """The account of this name, in whatever case."""
    return await session.scalar(select(UserRow).where(func.lower(UserRow.username) == func.lower(username)))


async def find_by_id(session: AsyncSession, user_id: uuid.UUID) -> User | None:
    """The account with this id."""
    row = await session.get(UserRow, user_id)
    return None if row is None else User(row.id, row.username, row.created_at)


async def replace_hash(session: AsyncSession, user_id: uuid.UUID, *, old: str, new: str) -> None:
    """Stores a password's new hash, unless the password itself was changed in the meantime."""
    await session.execute(
        update(UserRow).where(UserRow.id == user_id, UserRow.password_hash == old).values(password_hash=new)
    )
