"""API keys."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.api_keys import ApiKey, Scope
from euterpe_auth.domain.users import User
from euterpe_auth.storage.models import ApiKeyRow, UserRow
from euterpe_auth.storage.revocations import RevocationRepository


class ApiKeyRepository:
    """API keys, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def count_locked(self, user_id: uuid.UUID) -> int | None:
        """Count an account's keys, and lock the account until the transaction ends; None without the account."""
        owner = select(UserRow.id).where(UserRow.id == user_id).with_for_update()
        if await self._session.scalar(owner) is None:
            return None
        return await self._session.scalar(select(func.count()).where(ApiKeyRow.user_id == user_id)) or 0

    def add(self, key: ApiKey, *, user_id: uuid.UUID, digest: bytes) -> None:
        """Add a key."""
        self._session.add(
            ApiKeyRow(
                id=key.id,
                user_id=user_id,
                name=key.name,
                prefix=key.prefix,
                digest=digest,
                scopes=[scope.value for scope in key.scopes],
                created_at=key.created_at,
                expires_at=key.expires_at,
            )
        )

    async def of_user(self, user_id: uuid.UUID) -> Sequence[ApiKey]:
        """Return an account's keys, newest first."""
        statement = select(ApiKeyRow).where(ApiKeyRow.user_id == user_id).order_by(ApiKeyRow.created_at.desc())
        return [_key(row) for row in await self._session.scalars(statement)]

    async def use(self, digest: bytes, now: datetime) -> tuple[ApiKey, User] | None:
        """Return the key and its owner, and record the use; None if it is invalid or its owner suspended."""
        statement = (
            update(ApiKeyRow)
            .where(ApiKeyRow.digest == digest, ApiKeyRow.expires_at > now)
            .values(last_used_at=now)
            .returning(ApiKeyRow)
        )
        row = await self._session.scalar(statement)
        owner = None if row is None else await self._session.get(UserRow, row.user_id)
        if row is None or owner is None or owner.username is None or owner.suspended_at is not None:
            return None
        return _key(row), User(owner.id, owner.username, owner.created_at)

    async def remove(self, user_id: uuid.UUID, key_id: uuid.UUID, now: datetime) -> bool:
        """Delete a key and revoke its access tokens; False when the account has none with this id."""
        return await self._remove(now, ApiKeyRow.id == key_id, ApiKeyRow.user_id == user_id) == 1

    async def remove_all(self, user_id: uuid.UUID, now: datetime) -> int:
        """Delete all keys of an account and revoke their access tokens; return how many there were."""
        return await self._remove(now, ApiKeyRow.user_id == user_id)

    async def _remove(self, now: datetime, *conditions: ColumnElement[bool]) -> int:
        removed = (await self._session.scalars(delete(ApiKeyRow).where(*conditions).returning(ApiKeyRow.id))).all()
        await RevocationRepository(self._session).add(removed, now)
        return len(removed)

    async def delete_expired(self, moment: datetime) -> None:
        """Delete the keys that expired before a time."""
        await self._session.execute(delete(ApiKeyRow).where(ApiKeyRow.expires_at < moment))


def _key(row: ApiKeyRow) -> ApiKey:
    scopes = tuple(Scope(scope) for scope in row.scopes)
    return ApiKey(row.id, row.name, row.prefix, scopes, row.created_at, row.expires_at, row.last_used_at)
