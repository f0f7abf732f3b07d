"""Bounds how many renders run and wait, and lets equal requests share one."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from euterpe_converter.errors import RenderQueueFull
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.stream_buffer import Reel

#: Writes a rendition onto the reel; it has ended for the pool when this returns.
Job = Callable[[Reel], Awaitable[None]]


class RenderPool:
    """Runs at most `workers` jobs at once, with `queue_limit` more waiting in order of arrival.

    Jobs of equal key that overlap in time are one job, whose reel everybody reads. It is cancelled when the last of
    those who listen has gone and nobody else has come for `linger_seconds`: players that seek leave and come back.
    """

    def __init__(
        self,
        *,
        workers: int,
        queue_limit: int,
        metrics: Metrics,
        window_bytes: int = 48 * 1024 * 1024,
        linger_seconds: float = 0.0,
    ) -> None:
        self._capacity = workers + queue_limit
        self._workers = asyncio.Semaphore(workers)
        self._metrics = metrics
        self._window = window_bytes
        self._linger = linger_seconds
        self._flights: dict[str, _Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self, key: str, job: Job) -> AsyncGenerator[Reel, None]:
        """The reel of the job of this key, started now unless it is on its way. Raises RenderQueueFull."""
        flight = self._flights.get(key) or self._launch(key, job)
        flight.enter()
        try:
            yield flight.reel
        finally:
            flight.leave()

    def on_its_way(self, key: str) -> bool:
        """Whether a job of this key runs or waits."""
        return key in self._flights

    async def close(self) -> None:
        """Cancels what is left and waits until it has cleaned up."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _launch(self, key: str, job: Job) -> "_Flight":
        # Counts those that were cancelled and still clean up, because they still hold their worker.
        if len(self._tasks) >= self._capacity:
            self._metrics.rejected.inc()
            raise RenderQueueFull(len(self._tasks))
        reel = Reel(self._window)
        flight = _Flight(reel, asyncio.create_task(self._work(job, reel)), self._linger)
        flight.forget = lambda: self._forget(key, flight)
        self._flights[key] = flight
        self._tasks.add(flight.task)
        flight.task.add_done_callback(lambda task: self._landed(flight, task))
        return flight

    async def _work(self, job: Job, reel: Reel) -> None:
        arrived = time.perf_counter()
        with self._metrics.waiting.track_inprogress():
            await self._workers.acquire()
        self._metrics.queue_seconds.observe(time.perf_counter() - arrived)
        try:
            with self._metrics.running.track_inprogress():
                await job(reel)
        finally:
            self._workers.release()

    def _landed(self, flight: "_Flight", task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        flight.forget()
        error: BaseException | None = asyncio.CancelledError()
        # Marks an error as seen that nobody is left to hear.
        with contextlib.suppress(asyncio.CancelledError):
            error = task.exception()
        if error is not None:
            flight.reel.fail(error)

    def _forget(self, key: str, flight: "_Flight") -> None:
        # The key may belong to a later flight by now.
        if self._flights.get(key) is flight:
            del self._flights[key]


class _Flight:
    def __init__(self, reel: Reel, task: asyncio.Task[None], linger: float) -> None:
        self.reel, self.task = reel, task
        self.forget: Callable[[], None] = lambda: None
        self._linger = linger
        self._passengers = 0
        self._farewell: asyncio.TimerHandle | None = None

    def enter(self) -> None:
        self._passengers += 1
        if self._farewell is not None:
            self._farewell.cancel()
            self._farewell = None

    def leave(self) -> None:
        self._passengers -= 1
        if self._passengers or self.task.done():
            return
        if self._linger:
            self._farewell = asyncio.get_running_loop().call_later(self._linger, self._abandon)
        else:
            self._abandon()

    def _abandon(self) -> None:
        if not self._passengers and not self.task.done():
            self.forget()
            self.task.cancel()
