"""Use cases of operators: failed generations."""

import uuid
from collections.abc import Sequence

import structlog
from euterpe_service_kit.database import Database

from euterpe_generator.errors import GenerationNotFound
from euterpe_generator.storage.changes import QUEUE, ChangeFeed
from euterpe_generator.storage.failures import FailedGeneration, FailureRepository

log = structlog.get_logger(__name__)


class Failures:
    """Lists failed generations and queues them again."""

    def __init__(self, database: Database, changes: ChangeFeed) -> None:
        self._database = database
        self._changes = changes

    async def latest(self, *, model: str | None, limit: int) -> Sequence[FailedGeneration]:
        """Return the latest failures, of one model or of all."""
        async with self._database.sessions() as session:
            return await FailureRepository(session).latest(model=model, limit=limit)

    async def retry(self, generation_id: uuid.UUID) -> None:
        """Queue a failed generation again. Raises GenerationNotFound if it has not failed."""
        async with self._database.sessions.begin() as session:
            if not await FailureRepository(session).retry(generation_id):
                raise GenerationNotFound
        self._changes.announce(QUEUE)
        log.warning("generation_retried_by_operator", generation_id=str(generation_id))
