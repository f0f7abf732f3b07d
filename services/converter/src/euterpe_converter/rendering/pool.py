"""Bounds how many renders run and wait, and lets equal requests share one."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from euterpe_converter.errors import RenderQueueFull
from euterpe_converter.metrics import Metrics

T = TypeVar("T")


class RenderPool(Generic[T]):
    """Runs at most `workers` jobs at once, with `queue_limit` more waiting in order of arrival.

    Jobs of equal key that overlap in time are one job, whose result everybody gets. It is cancelled when the last
    of those who wait for it goes away.
    """

    def __init__(self, *, workers: int, queue_limit: int, metrics: Metrics) -> None:
        self._capacity = workers + queue_limit
        self._workers = asyncio.Semaphore(workers)
        self._metrics = metrics
        self._flights: dict[str, _Flight[T]] = {}
        self._tasks: set[asyncio.Task[T]] = set()

    async def run(self, key: str, job: Callable[[], Awaitable[T]]) -> T:
        """The result of the job of this key, started now unless one is on its way.

        Raises RenderQueueFull, and whatever the job raises.
        """
        flight = self._flights.get(key) or self._launch(key, job)
        flight.passengers += 1
        try:
            # The shield keeps the job alive for the others when this caller is cancelled.
            return await asyncio.shield(flight.task)
        finally:
            flight.passengers -= 1
            if not flight.passengers and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    async def close(self) -> None:
        """Cancels what is left and waits until it has cleaned up."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _launch(self, key: str, job: Callable[[], Awaitable[T]]) -> "_Flight[T]":
        # Counts those that were cancelled and still clean up, because they still hold their worker.
        if len(self._tasks) >= self._capacity:
            self._metrics.rejected.inc()
            raise RenderQueueFull(len(self._tasks))
        flight = _Flight(asyncio.create_task(self._work(job)))
        self._flights[key] = flight
        self._tasks.add(flight.task)
        flight.task.add_done_callback(lambda task: self._landed(key, flight, task))
        return flight

    async def _work(self, job: Callable[[], Awaitable[T]]) -> T:
        arrived = time.perf_counter()
        with self._metrics.waiting.track_inprogress():
            await self._workers.acquire()
        self._metrics.queue_seconds.observe(time.perf_counter() - arrived)
        try:
            with self._metrics.running.track_inprogress():
                return await job()
        finally:
            self._workers.release()

    def _landed(self, key: str, flight: "_Flight[T]", task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        self._forget(key, flight)
        # Marks an error as seen that nobody is left to hear.
        with contextlib.suppress(asyncio.CancelledError):
            task.exception()

    def _forget(self, key: str, flight: "_Flight[T]") -> None:
        # The key may belong to a later flight by now.
        if self._flights.get(key) is flight:
            del self._flights[key]


class _Flight(Generic[T]):
    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.passengers = 0
