"""Statements on Idempotency-Keys."""

import uuid
from datetime import timedelta

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.generation import Owner
from euterpe_generator.storage.models import IdempotencyKeyRow


class IdempotencyKeyRepository:
    """Idempotency-Keys by owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(
        self, owner: Owner, key: str, digest: str, generation_id: uuid.UUID
    ) -> tuple[uuid.UUID, str] | None:
        """Insert a key; if it exists, return its (generation id, request digest) instead."""
        former = await self._former(owner, key)
        if former is not None:
            return former.generation_id, former.request_digest
        values = {
            "listener_key": owner.key,
            "key": key,
            "request_digest": digest,
            "generation_id": generation_id,
        }
        # This waits for a concurrent insert of the same key, so exactly one request enqueues.
        statement = insert(IdempotencyKeyRow).values(values).on_conflict_do_nothing()
        inserted = await self._session.execute(statement.returning(IdempotencyKeyRow.generation_id))
        if inserted.one_or_none() is not None:
            return None
        row = await self._session.get_one(IdempotencyKeyRow, (owner.key, key))
        return row.generation_id, row.request_digest

    async def exists(self, owner: Owner, key: str) -> bool:
        """Return whether a request with this key was accepted."""
        return (
            await self._session.get(IdempotencyKeyRow, (owner.key, key)) or await self._former(owner, key)
        ) is not None

    async def _former(self, owner: Owner, key: str) -> IdempotencyKeyRow | None:
        if owner.former_key is None:
            return None
        return await self._session.get(IdempotencyKeyRow, (owner.former_key, key))

    async def delete_expired(self, *, lifetime: timedelta) -> None:
        """Delete keys older than `lifetime`."""
        expired = IdempotencyKeyRow.created_at < func.now() - lifetime
        await self._session.execute(delete(IdempotencyKeyRow).where(expired))
