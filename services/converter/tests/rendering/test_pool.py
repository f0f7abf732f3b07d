"""Sharing, bounds and cancellation of renders, without rendering."""

import asyncio

import pytest
from euterpe_converter.errors import RenderQueueFull
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.pool import RenderPool
from euterpe_converter.rendering.stream_buffer import Reel
from prometheus_client import CollectorRegistry


class Jobs:
    """Jobs that wait to be let go, and tell what happened to them."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.running = self.most = 0

    def __call__(self, name: str):
        async def job(reel: Reel) -> None:
            self.started.append(name)
            self.running += 1
            self.most = max(self.most, self.running)
            reel.begin(1)
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise
            finally:
                self.running -= 1
            reel.append(name.encode())
            reel.finish()

        return job


def _pool(workers: int = 1, queue_limit: int = 8, linger: float = 0.0) -> RenderPool:
    metrics = Metrics(CollectorRegistry())
    return RenderPool(workers=workers, queue_limit=queue_limit, metrics=metrics, linger_seconds=linger)


async def _hear(pool: RenderPool, key: str, job) -> bytes:
    async with pool.listening(key, job) as reel:
        return b"".join([chunk async for chunk in reel.read(0)])


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_never_more_at_once_than_there_are_workers():
    pool, jobs = _pool(workers=2), Jobs()
    runs = [asyncio.create_task(_hear(pool, str(n), jobs(str(n)))) for n in range(6)]
    await _settle()
    assert jobs.running == 2
    jobs.gate.set()
    assert await asyncio.gather(*runs) == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert (jobs.most, jobs.started) == (2, list("012345"))


async def test_one_who_leaves_does_not_take_it_from_the_others():
    pool, jobs = _pool(), Jobs()
    runs = [asyncio.create_task(_hear(pool, "k", jobs("k"))) for _ in range(3)]
    await _settle()
    runs[0].cancel()
    await _settle()
    jobs.gate.set()
    assert await asyncio.gather(*runs[1:]) == [b"k", b"k"]
    assert jobs.started == ["k"]


async def test_the_last_to_leave_ends_it_and_frees_the_worker():
    pool, jobs = _pool(), Jobs()
    runs = [asyncio.create_task(_hear(pool, "k", jobs("k"))) for _ in range(2)]
    await _settle()
    for run in runs:
        run.cancel()
    await _settle()
    assert jobs.cancelled == ["k"]
    jobs.gate.set()
    assert await _hear(pool, "other", jobs("other")) == b"other"


async def test_who_comes_back_soon_finds_it_going_on():
    pool, jobs = _pool(linger=30.0), Jobs()
    left = asyncio.create_task(_hear(pool, "k", jobs("k")))
    await _settle()
    left.cancel()
    await _settle()
    back = asyncio.create_task(_hear(pool, "k", jobs("k")))
    await _settle()
    jobs.gate.set()
    assert await back == b"k"
    assert (jobs.started, jobs.cancelled) == (["k"], [])


async def test_who_does_not_come_back_lets_it_end():
    pool, jobs = _pool(linger=0.01), Jobs()
    left = asyncio.create_task(_hear(pool, "k", jobs("k")))
    await _settle()
    left.cancel()
    async with asyncio.timeout(20):
        while not jobs.cancelled:
            await asyncio.sleep(0.005)


async def test_who_comes_after_the_last_has_left_gets_a_new_one():
    pool, jobs = _pool(), Jobs()
    left = asyncio.create_task(_hear(pool, "k", jobs("k")))
    await _settle()
    left.cancel()
    # Asks in the same turn of the loop in which the old one is told to end.
    come = asyncio.create_task(_hear(pool, "k", jobs("k")))
    await _settle()
    jobs.gate.set()
    assert await come == b"k"


async def test_one_that_waits_may_leave_the_queue():
    pool, jobs = _pool(queue_limit=1), Jobs()
    first = asyncio.create_task(_hear(pool, "a", jobs("a")))
    waiting = asyncio.create_task(_hear(pool, "b", jobs("b")))
    await _settle()
    with pytest.raises(RenderQueueFull):
        await _hear(pool, "c", jobs("c"))
    # An equal one needs no place.
    shared = asyncio.create_task(_hear(pool, "a", jobs("a")))
    waiting.cancel()
    await _settle()
    third = asyncio.create_task(_hear(pool, "c", jobs("c")))
    await _settle()
    jobs.gate.set()
    assert await asyncio.gather(first, shared, third) == [b"a", b"a", b"c"]
    assert "b" not in jobs.started


async def test_a_failure_reaches_everybody_and_is_not_remembered():
    pool = _pool()

    async def fails(reel: Reel) -> None:
        await asyncio.sleep(0)
        raise ValueError("broken")

    async def works(reel: Reel) -> None:
        reel.append(b"fine")
        reel.finish()

    results = await asyncio.gather(*(_hear(pool, "k", fails) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["broken"] * 3
    assert await _hear(pool, "k", works) == b"fine"


async def test_closing_ends_what_is_left():
    pool, jobs = _pool(), Jobs()
    runs = [asyncio.create_task(_hear(pool, name, jobs(name))) for name in "ab"]
    await _settle()
    await pool.close()
    assert jobs.cancelled == ["a"]
    assert all(isinstance(r, asyncio.CancelledError) for r in await asyncio.gather(*runs, return_exceptions=True))
