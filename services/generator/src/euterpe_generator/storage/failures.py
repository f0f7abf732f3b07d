"""Failed generations, for operators: list them, and queue one again."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Newest first. The list ends at `limit`, as failures are rare and operators read the latest.
_LIST = text("""
    SELECT id, owner_id, model, model_version, failure, attempt, crashes, created_at, finished_at
    FROM generations WHERE status = 'failed' AND (CAST(:model AS text) IS NULL OR model = :model)
    ORDER BY finished_at DESC NULLS LAST LIMIT :limit
""")

# The attempt is kept, as it fences out workers of earlier attempts. Crashes are counted from zero. The turn is not
# before the head of the queue: idle users, whose next pieces follow the smallest queued turn, would pass all others.
_RETRY = text("""
    UPDATE generations
    SET status = 'queued', failure = NULL, finished_at = NULL, crashes = 0, cancel_requested = false, worker_id = NULL,
        lease_until = NULL,
        turn = greatest(turn, CASE WHEN background THEN (SELECT last_value FROM background_queue_head)
                                   ELSE (SELECT last_value FROM queue_head) END)
    WHERE id = :id AND status = 'failed'
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class FailedGeneration:
    """A failed generation and its cause."""

    id: uuid.UUID
    owner_id: str | None
    model: str
    model_version: str
    failure: str | None
    attempt: int
    crashes: int
    created_at: datetime
    finished_at: datetime | None


class FailureRepository:
    """Failed generations, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def latest(self, *, model: str | None, limit: int) -> Sequence[FailedGeneration]:
        """Return the latest failures, of one model or of all."""
        values: dict[str, Any] = {"model": model, "limit": limit}
        return [FailedGeneration(**row) for row in (await self._session.execute(_LIST, values)).mappings()]

    async def retry(self, generation_id: uuid.UUID) -> bool:
        """Queue a failed generation again; False if there is no failed one with this id."""
        return await self._session.scalar(_RETRY, {"id": generation_id}) is not None
