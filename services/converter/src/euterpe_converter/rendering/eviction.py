"""Keeps the rendered audio in the object store within limits of age and size."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from euterpe_service_kit.object_store import ObjectEntry, ObjectStore

from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache

PREFIX = "audio/"
# Longer than any render: an older open upload belongs to a process that was killed.
_ABANDONED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EvictionLimits:
    """Maximum age of a rendition in seconds, and maximum total size in bytes; None means no limit."""

    age_seconds: float | None
    size_bytes: int | None


def select_evictions(
    entries: Iterable[ObjectEntry], limits: EvictionLimits, now: datetime
) -> list[tuple[ObjectEntry, str]]:
    """Return the entries to remove with a reason (`age`, `size`): expired ones, then the oldest until the rest fits."""
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
    """Sweeps the cache at intervals. Removed renditions can be rendered again; several replicas may sweep at once."""

    def __init__(self, store: ObjectStore, cache: RenditionCache, metrics: Metrics, limits: EvictionLimits) -> None:
        self._store, self._cache, self._metrics, self._limits = store, cache, metrics, limits

    async def sweep(self) -> None:
        """Sweep once. Raises Unavailable."""
        entries = await self._store.entries(PREFIX)
        now = datetime.now(UTC)
        evicted = select_evictions(entries, self._limits, now)
        for entry, reason in evicted:
            self._cache.discard(entry.key)
            await self._store.delete(entry.key)
            self._metrics.evicted.labels(reason).inc()
        left = sum(entry.size_bytes for entry in entries) - sum(entry.size_bytes for entry, _ in evicted)
        self._metrics.cache_bytes.set(left)
        for upload in await self._store.open_uploads(PREFIX):
            if now - upload.begun > _ABANDONED_AFTER:
                await self._store.abort_parts(upload.key, upload.upload_id)
