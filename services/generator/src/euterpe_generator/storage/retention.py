"""Statements that end the life of rows and tell which objects are still needed."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.storage.models import GenerationRow

_EXPIRE_ANONYMOUS = text("""
    WITH expired AS MATERIALIZED (
      SELECT id FROM generations
      WHERE owner_id IS NULL AND finished_at < now() - CAST(:age AS interval)
      ORDER BY finished_at LIMIT :count FOR UPDATE SKIP LOCKED)
    DELETE FROM generations AS g USING expired WHERE g.id = expired.id
    RETURNING g.midi_key
""")

_START = text("""
    INSERT INTO maintenance (name, started_at) VALUES (:name, now())
    ON CONFLICT (name) DO UPDATE SET started_at = now()
    WHERE maintenance.started_at <= now() - CAST(:interval AS interval)
    RETURNING name
""")


class RetentionRepository:
    """Expiry of anonymous users' generations, and the objects that generations have."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def expire_anonymous(self, *, age: timedelta, count: int) -> list[str | None]:
        """Delete up to `count` anonymous generations that ended longer than `age` ago; return their objects' keys."""
        rows = await self._session.scalars(_EXPIRE_ANONYMOUS, {"age": age, "count": count})
        return list(rows)

    async def without_generation(self, keys: Sequence[str]) -> list[str]:
        """Return the keys of those objects that no generation has."""
        statement = select(GenerationRow.midi_key).where(GenerationRow.midi_key.in_(keys))
        used = set(await self._session.scalars(statement))
        return [key for key in keys if key not in used]

    async def start(self, task: str, *, interval: timedelta) -> bool:
        """Record the start of a task of the whole deployment; False if one was started within `interval`."""
        started = await self._session.execute(_START, {"name": task, "interval": interval})
        return started.one_or_none() is not None
