"""Removal of MIDI objects that neither a generation nor a song has, and expiry of anonymous users' pieces.

A crash between storing an object and recording it leaves an orphan. The generator knows its own rows, the library its
songs; an object is removed only if neither needs it. Objects are content addresses, so an equal piece may store an
object again after the generator has found it unused; the library keeps objects stored within the grace period.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.midi_artifacts import MIDI_PREFIX
from euterpe_service_kit.object_store import ObjectStore

from euterpe_generator.clients.library import MAX_ARTIFACTS, LibraryClient
from euterpe_generator.domain.retention import RetentionOptions
from euterpe_generator.metrics import Metrics
from euterpe_generator.storage.retention import RetentionRepository

log = structlog.get_logger(__name__)

_TASK: Final = "object_sweep"
_EXPIRED_PER_BATCH: Final = 500


class ObjectSweeper:
    """Any number of processes may run it; the sweep of the bucket is started once per interval in the deployment."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        library: LibraryClient,
        metrics: Metrics,
        options: RetentionOptions,
    ) -> None:
        self._database = database
        self._store = store
        self._library = library
        self._metrics = metrics
        self._options = options

    async def turn(self) -> None:
        """Expire anonymous pieces, and sweep the bucket if that is due. Raises Unavailable."""
        await self.expire()
        async with self._database.maintenance.begin() as session:
            due = await RetentionRepository(session).start(_TASK, interval=self._options.sweep_interval)
        if due:
            await self.sweep()

    async def expire(self) -> None:
        """Delete anonymous users' generations after their lifetime, then their objects."""
        modified_before = self._modified_before()
        count = _EXPIRED_PER_BATCH
        while count == _EXPIRED_PER_BATCH:
            async with self._database.maintenance.begin() as session:
                keys = await RetentionRepository(session).expire_anonymous(
                    age=self._options.anonymous_lifetime, count=_EXPIRED_PER_BATCH
                )
            count = len(keys)
            if count:
                log.info("anonymous_generations_expired", generations=count)
            # An object that is not removed here, because of a crash for example, is an orphan for the sweep.
            unused = sorted({key for key in keys if key is not None})
            await self._remove_unused(unused, modified_before, reason="expired")

    async def sweep(self) -> None:
        """Remove the orphans among all objects that are older than the grace period."""
        modified_before = self._modified_before()
        removed = 0
        async for entries in self._store.pages(MIDI_PREFIX):
            keys = [entry.key for entry in entries if entry.modified < modified_before]
            removed += await self._remove_unused(keys, modified_before, reason="orphan")
        log.info("objects_swept", removed=removed)

    def _modified_before(self) -> datetime:
        return datetime.now(UTC) - self._options.orphan_grace

    async def _remove_unused(self, keys: Sequence[str], modified_before: datetime, *, reason: str) -> int:
        removed = 0
        for first in range(0, len(keys), MAX_ARTIFACTS):
            async with self._database.maintenance() as session:
                unused = await RetentionRepository(session).without_generation(keys[first : first + MAX_ARTIFACTS])
            if unused:
                removed += len(await self._library.remove_unused(unused, modified_before=modified_before))
        self._metrics.objects_removed(reason, removed)
        return removed
