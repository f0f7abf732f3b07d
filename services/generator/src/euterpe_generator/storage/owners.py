"""Statements on all generations of one owner: transfer when a guest registers, deletion with the account."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.generation import Owner

# Rows are locked in the order of their ids, as in every statement on several generations.
_TRANSFER = text("""
    WITH locked AS MATERIALIZED (
      SELECT id FROM generations WHERE listener_key = :from_key ORDER BY id LIMIT :count FOR UPDATE)
    UPDATE generations AS g
    SET listener_key = :to_key, owner_id = :to_id, owner_name = :to_name, user_class = :to_class
    FROM locked WHERE g.id = locked.id
""")

# Running ones are deleted, too: at its next lease renewal the worker finds that they are gone, and stops.
_DELETE = text("""
    WITH locked AS MATERIALIZED (
      SELECT id FROM generations WHERE listener_key = :key ORDER BY id LIMIT :count FOR UPDATE)
    DELETE FROM generations AS g USING locked WHERE g.id = locked.id
""")

_DELETE_KEYS = text("DELETE FROM idempotency_keys WHERE listener_key = :key")
_DELETE_QUOTA = text("""
    WITH deleted AS (DELETE FROM user_pieces WHERE user_id = :id) DELETE FROM user_quotas WHERE user_id = :id
""")


class OwnerRepository:
    """Transfers and deletes generations by owner, up to `count` per call, and returns how many."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def transfer(self, source: Owner, target: Owner, *, count: int) -> int:
        """Make generations of one owner belong to another."""
        values = {"from_key": source.key, "to_key": target.key, "to_id": target.id, "to_name": target.name}
        values["to_class"] = target.user_class.value
        return await self._execute(_TRANSFER, values | {"count": count})

    async def delete(self, owner: Owner, *, count: int) -> int:
        """Delete generations, all Idempotency-Keys and the quota of an owner."""
        await self._session.execute(_DELETE_KEYS, {"key": owner.key})
        await self._session.execute(_DELETE_QUOTA, {"id": owner.id})
        return await self._execute(_DELETE, {"key": owner.key, "count": count})

    async def _execute(self, statement: object, values: dict[str, object]) -> int:
        return int((await self._session.execute(statement, values)).rowcount)  # type: ignore[call-overload]
