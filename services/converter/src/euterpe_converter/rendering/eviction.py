"""Keeps the rendered audio in the object store within its limits of age and size."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from euterpe_service_kit.errors import ServiceError
from euterpe_service_kit.object_store import ObjectEntry, ObjectStore

from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache

log = structlog.get_logger(__name__)

PREFIX = "audio/"
# Longer than any render may take: what is older was left behind by a process that was killed.
_ABANDONED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EvictionLimits:
    """Seconds that a rendition is kept, and bytes that all of them may take; None is no limit."""

    age_seconds: float | None
    size_bytes: int | None


def condemned(entries: Iterable[ObjectEntry], limits: EvictionLimits, now: datetime) -> list[tuple[ObjectEntry, str]]:
    """What must go and why (`age`, `size`): the too old, then the oldest until the rest fits."""
    found: list[tuple[ObjectEntry, str]] = []
    kept: list[ObjectEntry] = []
    for entry in sorted(entries, key=lambda entry: entry.modified):
        old = limits.age_seconds is not None and (now - entry.modified).total_seconds() > limits.age_seconds
        if old:
            found.append((entry, "age"))
        else:
            kept.append(entry)
    excess = sum(entry.size_bytes for entry in kept) - (limits.size_bytes if limits.size_bytes is not None else 0)
    if limits.size_bytes is not None:
        for entry in kept:
            if excess <= 0:
                break
            found.append((entry, "size"))
            excess -= entry.size_bytes
    return found


class Evictor:
    """Sweeps at intervals. Whatever it removes can be rendered again; several replicas may sweep at once."""

    def __init__(
        self, store: ObjectStore, cache: RenditionCache, metrics: Metrics, limits: EvictionLimits, *, seconds: float
    ) -> None:
        self._store, self._cache, self._metrics = store, cache, metrics
        self._limits, self._seconds = limits, seconds

    async def run(self) -> None:
        """Sweeps until it is cancelled."""
        while True:
            try:
                await self.sweep()
            except ServiceError as error:
                log.warning("sweep_failed", detail=error.detail)
            await asyncio.sleep(self._seconds)

    async def sweep(self) -> None:
        """Once. Raises Unavailable."""
        entries = await self._store.entries(PREFIX)
        now = datetime.now(UTC)
        gone = condemned(entries, self._limits, now)
        for entry, reason in gone:
            self._cache.forget(entry.key)
            await self._store.delete(entry.key)
            self._metrics.evicted.labels(reason).inc()
        left = sum(entry.size_bytes for entry in entries) - sum(entry.size_bytes for entry, _ in gone)
        self._metrics.cache_bytes.set(left)
        for upload in await self._store.open_uploads(PREFIX):
            if now - upload.begun > _ABANDONED:
                await self._store.abort_parts(upload.key, upload.upload_id)
