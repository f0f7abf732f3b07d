"""Statements on all generations of a listener: what follows a guest's claim or an account's end."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.generation import Listener

_TRANSFER = text("""
    UPDATE generations SET listener_key = :to_key, owner_id = :to_id, owner_name = :to_name
    WHERE id IN (SELECT id FROM generations WHERE listener_key = :from_key LIMIT :count)
""")

# Running ones go, too: the worker finds at its next renewal that they are no longer its own, and stops composing them.
_DELETE = text("""
    DELETE FROM generations WHERE id IN (SELECT id FROM generations WHERE listener_key = :key LIMIT :count)
""")

_FORGET_KEYS = text("DELETE FROM idempotency_keys WHERE listener_key = :key")


class Listeners:
    """Bounded pieces of such work, within a caller's transaction. Each returns how many generations it touched."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def transfer(self, source: Listener, target: Listener, *, count: int) -> int:
        """Gives up to `count` generations to another listener."""
        values = {"from_key": source.key, "to_key": target.key, "to_id": target.id, "to_name": target.name}
        return await self._changed(_TRANSFER, values | {"count": count})

    async def delete(self, listener: Listener, *, count: int) -> int:
        """Removes up to `count` generations, and the keys of orders."""
        await self._session.execute(_FORGET_KEYS, {"key": listener.key})
        return await self._changed(_DELETE, {"key": listener.key, "count": count})

    async def _changed(self, statement: object, values: dict[str, object]) -> int:
        return int((await self._session.execute(statement, values)).rowcount)  # type: ignore[call-overload]
