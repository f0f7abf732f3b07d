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


async def _add(store, evictor: Evictor, name: str, size: int) -> bool:
    has_room = await evictor.make_room(size)
    if has_room:
        await store.put(f"audio/{name}.mp3", bytes(size), content_type="audio/mpeg", metadata={"frames": "1"})
    return has_room


async def _stored_bytes(store) -> int:
    return sum(entry.size_bytes for entry in await store.entries("audio/"))


async def test_the_cache_never_exceeds_its_size(object_store):
    cache, metrics = RenditionCache(object_store, memory_bytes=0), Metrics(CollectorRegistry())
    await Evictor(object_store, cache, metrics, EvictionLimits(None, 0)).sweep()
    evictor = Evictor(object_store, cache, metrics, EvictionLimits(None, 1000))
    sizes = []
    for number in range(12):
        assert await _add(object_store, evictor, f"{number}", 300)
        sizes.append(await _stored_bytes(object_store))
    assert max(sizes) <= 1000
    assert min(sizes[3:]) >= 600, "more is evicted than is needed"
    assert await _add(object_store, evictor, "huge", 1001) is False
    assert await object_store.head("audio/11.mp3") is not None


async def test_what_another_replica_has_added_counts(object_store):
    cache, metrics = RenditionCache(object_store, memory_bytes=0), Metrics(CollectorRegistry())
    await Evictor(object_store, cache, metrics, EvictionLimits(None, 0)).sweep()
    replicas = [Evictor(object_store, cache, metrics, EvictionLimits(None, 1600)) for _ in range(2)]
    for number in range(20):
        await _add(object_store, replicas[number % 2], f"shared{number}", 110)
    assert await _stored_bytes(object_store) <= 1600
