"""Batching: every caller gets its own outcome, and errors reach only the callers concerned."""

import asyncio
from collections.abc import Sequence

import pytest
from euterpe_generator.services.batching import Batcher


class Doubling:
    """Doubles numbers once released; rejects odd ones above 100, and whole batches while it is broken."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.is_broken = False
        self.started = asyncio.Event()
        self.released = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        self.started.set()
        await self.released.wait()
        if self.is_broken:
            raise ConnectionError("unavailable")
        return [ValueError(str(item)) if item > 100 and item % 2 else 2 * item for item in items]


@pytest.fixture
async def work() -> Doubling:
    return Doubling()


async def test_items_put_during_a_batch_share_the_next_one(work: Doubling) -> None:
    batcher: Batcher[int, int] = Batcher(work, name="test", max_items=10)
    first = asyncio.create_task(batcher.put(0))
    await work.started.wait()
    others = [asyncio.create_task(batcher.put(number)) for number in range(1, 26)]
    await asyncio.sleep(0)
    work.released.set()
    assert await asyncio.gather(first, *others) == list(range(0, 52, 2))
    assert [len(batch) for batch in work.batches] == [1, 10, 10, 5]


async def test_errors_reach_only_the_callers_concerned(work: Doubling) -> None:
    work.released.set()
    batcher: Batcher[int, int] = Batcher(work, name="test")
    accepted, rejected = await asyncio.gather(batcher.put(1), batcher.put(101), return_exceptions=True)
    assert work.batches == [[1, 101]]
    assert accepted == 2
    assert isinstance(rejected, ValueError)
    work.is_broken = True
    with pytest.raises(ConnectionError):
        await batcher.put(1)
    work.is_broken = False
    assert await batcher.put(3) == 6


async def test_items_of_cancelled_callers_are_skipped(work: Doubling) -> None:
    batcher: Batcher[int, int] = Batcher(work, name="test")
    first, second = (asyncio.create_task(batcher.put(number)) for number in (1, 2))
    await work.started.wait()
    third = asyncio.create_task(batcher.put(3))
    await asyncio.sleep(0)
    third.cancel()
    work.released.set()
    assert [await first, await second, await batcher.put(4)] == [2, 4, 8]
    assert [number for batch in work.batches for number in batch] == [1, 2, 4]
