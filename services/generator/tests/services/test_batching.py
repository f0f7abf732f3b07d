"""Batching: every caller gets its own outcome, and errors reach only the callers concerned."""

import asyncio
from collections.abc import Sequence

import pytest
from euterpe_generator.services.batching import Batcher


class Doubling:
    """Doubles numbers; rejects odd ones above 100, and whole batches while it is broken."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.broken = False

    async def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        await asyncio.sleep(0.01)
        if self.broken:
            raise ConnectionError("unavailable")
        return [ValueError(str(item)) if item > 100 and item % 2 else 2 * item for item in items]


async def test_items_put_during_a_batch_share_the_next_one() -> None:
    work = Doubling()
    batcher: Batcher[int, int] = Batcher(work, name="test", max_items=10)
    first = asyncio.create_task(batcher.put(0))
    await asyncio.sleep(0.005)
    assert await asyncio.gather(*(batcher.put(number) for number in range(1, 26))) == list(range(2, 52, 2))
    assert await first == 0
    assert [len(batch) for batch in work.batches] == [1, 10, 10, 5]


async def test_errors_reach_only_the_callers_concerned() -> None:
    work = Doubling()
    batcher: Batcher[int, int] = Batcher(work, name="test")
    good, refused = await asyncio.gather(batcher.put(1), batcher.put(101), return_exceptions=True)
    assert good == 2
    assert isinstance(refused, ValueError)
    work.broken = True
    with pytest.raises(ConnectionError):
        await batcher.put(1)
    work.broken = False
    assert await batcher.put(3) == 6


async def test_items_of_cancelled_callers_are_skipped() -> None:
    work = Doubling()
    batcher: Batcher[int, int] = Batcher(work, name="test")
    first, second = (asyncio.create_task(batcher.put(number)) for number in (1, 2))
    await asyncio.sleep(0.005)
    third = asyncio.create_task(batcher.put(3))
    await asyncio.sleep(0)
    third.cancel()
    assert await first == 2
    assert await second == 4
    assert await batcher.put(4) == 8
    assert [number for batch in work.batches for number in batch] == [1, 2, 4]
