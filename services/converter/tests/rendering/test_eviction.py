"""Which renditions are evicted."""

from datetime import UTC, datetime, timedelta

from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache
from euterpe_converter.rendering.eviction import EvictionLimits, Evictor, select_evictions
from euterpe_service_kit.object_store import ObjectEntry
from prometheus_client import CollectorRegistry

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def _entry(name: str, days: int, size: int = 10) -> ObjectEntry:
    return ObjectEntry(f"audio/{name}", size, NOW - timedelta(days=days))


def test_expired_entries_are_evicted_then_the_oldest_until_the_rest_fits():
    entries = [_entry("new", 0), _entry("mid", 5), _entry("old", 9), _entry("ancient", 100)]
    limits = EvictionLimits(age_seconds=30 * 86_400, size_bytes=20)
    assert [(entry.key, reason) for entry, reason in select_evictions(entries, limits, NOW)] == [
        ("audio/ancient", "age"),
        ("audio/old", "size"),
    ]
    assert select_evictions(entries, EvictionLimits(None, None), NOW) == []


async def test_a_sweep_removes_renditions_only(object_store):
    cache = RenditionCache(object_store, memory_bytes=0)
    await object_store.put("audio/swept.mp3", bytes(100), content_type="audio/mpeg", metadata={"frames": "1"})
    await object_store.put("midi/kept.mid", bytes(100), content_type="audio/midi")
    assert await cache.find("audio/swept.mp3") is not None
    metrics = Metrics(CollectorRegistry())
    await Evictor(object_store, cache, metrics, EvictionLimits(None, 0)).sweep()
    assert await object_store.list("audio/") == {}
    assert await cache.find("audio/swept.mp3") is None
    assert await object_store.get("midi/kept.mid") == bytes(100)
