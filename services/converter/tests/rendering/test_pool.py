"""Sharing, bounds and cancellation of jobs, without rendering."""

import asyncio

import pytest
from euterpe_converter.errors import RenderQueueFull
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.pool import RenderPool
from euterpe_converter.rendering.stream_buffer import StreamBuffer
from prometheus_client import CollectorRegistry


class Jobs:
    """Jobs that wait for a gate, and record what happened to them."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.running = self.max_running = 0

    def __call__(self, name: str):
        async def job(buffer: StreamBuffer) -> None:
            self.started.append(name)
            self.running += 1
            self.max_running = max(self.max_running, self.running)
            buffer.start(1)
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise
            finally:
                self.running -= 1
            buffer.append(name.encode())
            buffer.finish()

        return job


def _pool(workers: int = 1, queue_limit: int = 8, linger: float = 0.0) -> RenderPool:
    metrics = Metrics(CollectorRegistry())
    return RenderPool(workers=workers, queue_limit=queue_limit, metrics=metrics, linger_seconds=linger)


async def _read(pool: RenderPool, key: str, job) -> bytes:
    async with pool.subscribe(key, job) as buffer:
        return b"".join([chunk async for chunk in buffer.read(0)])


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_number_of_concurrent_jobs_is_bounded():
    pool, jobs = _pool(workers=2), Jobs()
    runs = [asyncio.create_task(_read(pool, str(n), jobs(str(n)))) for n in range(6)]
    await _settle()
    assert jobs.running == 2
    jobs.gate.set()
    assert await asyncio.gather(*runs) == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert (jobs.max_running, jobs.started) == (2, list("012345"))


async def test_a_job_continues_for_the_remaining_subscribers():
    pool, jobs = _pool(), Jobs()
    runs = [asyncio.create_task(_read(pool, "k", jobs("k"))) for _ in range(3)]
    await _settle()
    runs[0].cancel()
    await _settle()
    jobs.gate.set()
    assert await asyncio.gather(*runs[1:]) == [b"k", b"k"]
    assert jobs.started == ["k"]


async def test_the_last_unsubscription_cancels_the_job_and_frees_the_worker():
    pool, jobs = _pool(), Jobs()
    runs = [asyncio.create_task(_read(pool, "k", jobs("k"))) for _ in range(2)]
    await _settle()
    for run in runs:
        run.cancel()
    await _settle()
    assert jobs.cancelled == ["k"]
    jobs.gate.set()
    assert await _read(pool, "other", jobs("other")) == b"other"


async def test_a_job_lingers_for_a_subscriber_that_returns():
    pool, jobs = _pool(linger=30.0), Jobs()
    left = asyncio.create_task(_read(pool, "k", jobs("k")))
    await _settle()
    left.cancel()
    await _settle()
    back = asyncio.create_task(_read(pool, "k", jobs("k")))
    await _settle()
    jobs.gate.set()
    assert await back == b"k"
    assert (jobs.started, jobs.cancelled) == (["k"], [])


async def test_a_lingering_job_without_subscribers_is_cancelled():
    pool, jobs = _pool(linger=0.01), Jobs()
    left = asyncio.create_task(_read(pool, "k", jobs("k")))
    await _settle()
    left.cancel()
    async with asyncio.timeout(20):
        while not jobs.cancelled:
            await asyncio.sleep(0.005)


async def test_a_subscription_after_the_last_has_left_starts_a_new_job():
    pool, jobs = _pool(), Jobs()
    left = asyncio.create_task(_read(pool, "k", jobs("k")))
    await _settle()
    left.cancel()
    # Subscribes in the same iteration of the event loop in which the old job is cancelled.
    returning = asyncio.create_task(_read(pool, "k", jobs("k")))
    await _settle()
    jobs.gate.set()
    assert await returning == b"k"


async def test_a_waiting_job_can_be_cancelled():
    pool, jobs = _pool(queue_limit=1), Jobs()
    first = asyncio.create_task(_read(pool, "a", jobs("a")))
    waiting = asyncio.create_task(_read(pool, "b", jobs("b")))
    await _settle()
    with pytest.raises(RenderQueueFull):
        await _read(pool, "c", jobs("c"))
    # A job of the same key is shared, so it needs no place in the queue.
    shared = asyncio.create_task(_read(pool, "a", jobs("a")))
    waiting.cancel()
    await _settle()
    third = asyncio.create_task(_read(pool, "c", jobs("c")))
    await _settle()
    jobs.gate.set()
    assert await asyncio.gather(first, shared, third) == [b"a", b"a", b"c"]
    assert "b" not in jobs.started


async def test_a_failure_reaches_all_subscribers_and_is_not_cached():
    pool = _pool()

    async def fails(buffer: StreamBuffer) -> None:
        await asyncio.sleep(0)
        raise ValueError("broken")

    async def works(buffer: StreamBuffer) -> None:
        buffer.append(b"fine")
        buffer.finish()

    results = await asyncio.gather(*(_read(pool, "k", fails) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["broken"] * 3
    assert await _read(pool, "k", works) == b"fine"


async def test_closing_cancels_all_jobs():
    pool, jobs = _pool(), Jobs()
    runs = [asyncio.create_task(_read(pool, name, jobs(name))) for name in "ab"]
    await _settle()
    await pool.close()
    assert jobs.cancelled == ["a"]
    assert all(isinstance(r, asyncio.CancelledError) for r in await asyncio.gather(*runs, return_exceptions=True))


@pytest.mark.parametrize("outcome", ["finished", "cancelled", "failed"])
async def test_an_ended_job_frees_the_bytes_of_its_buffer(outcome: str):
    pool, gate, buffers = _pool(), asyncio.Event(), []

    async def job(buffer: StreamBuffer) -> None:
        buffers.append(buffer)
        buffer.start(1)
        buffer.append(bytes(1_000_000))
        await gate.wait()
        if outcome == "failed":
            raise OSError("disk full")
        buffer.finish()

    readers = [asyncio.create_task(_read(pool, "one", job)) for _ in range(2)]
    await _settle()
    assert len(buffers[0].content()) == 1_000_000
    if outcome == "cancelled":
        for reader in readers:
            reader.cancel()
    gate.set()
    results = await asyncio.gather(*readers, return_exceptions=True)
    await _settle()
    assert {type(result) for result in results} == {
        {"finished": bytes, "cancelled": asyncio.CancelledError, "failed": OSError}[outcome]
    }
    assert not buffers[0]._chunks
