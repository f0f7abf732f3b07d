"""Keeps the rendered audio in the object store within limits of age and size."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from euterpe_service_kit.object_store import ObjectEntry, ObjectStore

from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache

PREFIX = "audio/"
# Longer than any render: an older open upload belongs to a process that was killed.
_ABANDONED_AFTER = timedelta(hours=1)
#: A replica lists the cache after it has added this part of the size, and evicts down to this part of it.
_SWEEPS_PER_SIZE = 16
_TARGET = 0.95


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
    """Keeps the cache within its limits: at intervals, and before a rendition is added that would exceed the size.

    Removed renditions can be rendered again; several replicas may sweep at once. A replica knows what it has added
    itself, and at each sweep what the others have. So that N replicas exceed the size by little, each sweeps after it
    has added a sixteenth of the size.
    """

    def __init__(self, store: ObjectStore, cache: RenditionCache, metrics: Metrics, limits: EvictionLimits) -> None:
        self._store, self._cache, self._metrics, self._limits = store, cache, metrics, limits
        self._lock = asyncio.Lock()
        #: Bytes in the cache, as far as this process knows; None before the first sweep.
        self._size_bytes: int | None = None
        self._added_bytes = 0

    async def make_room(self, size_bytes: int) -> bool:
        """Evict renditions until one of this size fits, and count it; False if it never fits. Raises Unavailable."""
        limit = self._limits.size_bytes
        if limit is None:
            return True
        if size_bytes > limit:
            return False
        async with self._lock:
            known = self._size_bytes if self._added_bytes <= limit // _SWEEPS_PER_SIZE else None
            if known is None or known + size_bytes > limit:
                known = await self._evict(size_bytes)
            self._size_bytes = known + size_bytes
            self._added_bytes += size_bytes
            self._metrics.cache_bytes.set(self._size_bytes)
        return True

    async def sweep(self) -> None:
        """Sweep once. Raises Unavailable."""
        async with self._lock:
            await self._evict(0)
        now = datetime.now(UTC)
        for upload in await self._store.open_uploads(PREFIX):
            if now - upload.begun > _ABANDONED_AFTER:
                await self._store.abort_parts(upload.key, upload.upload_id)

    async def _evict(self, incoming_bytes: int) -> int:
        """Evict what is expired, and for size if `incoming_bytes` more do not fit; return the remaining bytes."""
        entries = [entry async for page in self._store.pages(PREFIX) for entry in page]
        total = sum(entry.size_bytes for entry in entries)
        limit = target = self._limits.size_bytes
        if limit is not None and total + incoming_bytes > limit:
            # More than is needed now, because listing a full cache for each rendition would be slow.
            target = max(0, min(limit - incoming_bytes, int(limit * _TARGET)))
        limits = EvictionLimits(self._limits.age_seconds, target)
        for entry, reason in select_evictions(entries, limits, datetime.now(UTC)):
            self._cache.discard(entry.key)
            await self._store.delete(entry.key)
            self._metrics.evicted.labels(reason).inc()
            total -= entry.size_bytes
        self._size_bytes, self._added_bytes = total, 0
        self._metrics.cache_bytes.set(total)
        return total
