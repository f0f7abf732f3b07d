"""Accounts."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.users import GUEST_NAME, User
from euterpe_auth.storage.models import UserRow
from euterpe_auth.storage.revocations import RevocationRepository


class UserRepository:
    """Accounts, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_user(self, user: User, password_hash: str | None) -> bool:
        """Add an account, maybe without a password; False when its name is taken, also by a concurrent transaction."""
        values = {
            "id": user.id,
            "username": user.username,
            "password_hash": password_hash,
            "created_at": user.created_at,
        }
        statement = insert(UserRow).values(values).on_conflict_do_nothing().returning(UserRow.id)
        return await self._session.scalar(statement) is not None

    async def add_guest(self, guest: User) -> None:
        """Add a guest."""
        self._session.add(UserRow(id=guest.id, created_at=guest.created_at))
        await self._session.flush()

    async def promote_guest(self, user: User, password_hash: str | None) -> bool:
        """Turn a guest into a registered account; False when there is no such guest.

        Raises IntegrityError when the name is taken.
        """
        statement = (
            update(UserRow)
            .where(UserRow.id == user.id, UserRow.username.is_(None))
            .values(username=user.username, password_hash=password_hash, created_at=user.created_at)
            .returning(UserRow.id)
        )
        return await self._session.scalar(statement) is not None

    async def remove_guest(self, guest_id: uuid.UUID, now: datetime) -> bool:
        """Delete a guest and its sessions, and revoke its access tokens; False when there is none."""
        return await self._remove(now, UserRow.id == guest_id, UserRow.username.is_(None))

    async def remove_old_guests(self, moment: datetime, *, limit: int) -> Sequence[uuid.UUID]:
        """Delete guests created before a time, and return their ids."""
        old = (
            select(UserRow.id)
            .where(UserRow.username.is_(None), UserRow.created_at < moment)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.scalars(delete(UserRow).where(UserRow.id.in_(old)).returning(UserRow.id))).all()

    async def remove_user(self, user_id: uuid.UUID, now: datetime) -> bool:
        """Delete an account with its sessions and keys, and revoke its access tokens; False when it does not exist."""
        return await self._remove(now, UserRow.id == user_id)

    async def _remove(self, now: datetime, *conditions: ColumnElement[bool]) -> bool:
        removed = (await self._session.scalars(delete(UserRow).where(*conditions).returning(UserRow.id))).all()
        await RevocationRepository(self._session).add(removed, now)
        return bool(removed)

    async def is_name_taken(self, username: str) -> bool:
        """Whether an account has this name; case is ignored."""
        return await self.find_by_name(username) is not None

    async def find_by_name(self, username: str) -> UserRow | None:
        """Return the account of this name; case is ignored."""
        return await self._session.scalar(select(UserRow).where(func.lower(UserRow.username) == func.lower(username)))

    async def find_by_email(self, email: str) -> UserRow | None:
        """Return the account of this verified address; case is ignored."""
        return await self._session.scalar(select(UserRow).where(func.lower(UserRow.email) == func.lower(email)))

    async def find_by_id(self, user_id: uuid.UUID) -> User | None:
        """Return the account or guest with this id."""
        row = await self._session.get(UserRow, user_id)
        if row is None:
            return None
        return User(row.id, row.username or GUEST_NAME, row.created_at, guest=row.username is None)

    async def get(self, user_id: uuid.UUID) -> UserRow | None:
        """Return the row of an account or guest."""
        return await self._session.get(UserRow, user_id)

    async def lock(self, user_id: uuid.UUID) -> UserRow | None:
        """Return the row of an account or guest, locked until the transaction ends."""
        return await self._session.get(UserRow, user_id, with_for_update=True)

    async def find_registered(self, user_id: uuid.UUID) -> UserRow | None:
        """Return the registered account with this id."""
        return await self._session.scalar(select(UserRow).where(UserRow.id == user_id, UserRow.username.is_not(None)))

    async def lock_registered(self, user_id: uuid.UUID) -> UserRow | None:
        """Return the registered account with this id, locked until the transaction ends."""
        statement = select(UserRow).where(UserRow.id == user_id, UserRow.username.is_not(None))
        return await self._session.scalar(statement.with_for_update())
