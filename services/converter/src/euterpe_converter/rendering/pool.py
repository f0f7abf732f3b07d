"""Bounds how many renders run and wait, shares them fairly, and lets equal requests share one render."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from euterpe_converter.domain.limits import WorkerLimits
from euterpe_converter.domain.requester import Requester, UserClass
from euterpe_converter.errors import RenderQueueFull, TooManyRenders
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.budget import RenderBudget
from euterpe_converter.rendering.fair_workers import FairWorkers
from euterpe_converter.rendering.stream_buffer import StreamBuffer

#: Writes a rendition into the buffer; returns when the render has ended.
Job = Callable[[StreamBuffer], Awaitable[None]]
_ANYONE = Requester()


class RenderPool:
    """Runs at most `workers` jobs at once, with `queue_limit` more waiting, which take turns by requester.

    The jobs of registered users may exceed the limit of the queue by half of it: others cannot keep them out.
    Jobs of equal key that overlap in time are one job, whose buffer all subscribers read. It is cancelled when the last
    subscriber has left and none has come back for `linger_seconds`: players that seek disconnect and reconnect.
    """

    def __init__(
        self,
        *,
        workers: int,
        queue_limit: int,
        metrics: Metrics,
        window_bytes: int = 48 * 1024 * 1024,
        linger_seconds: float = 0.0,
        limits: WorkerLimits | None = None,
        jobs_per_principal: int | None = None,
        budget: RenderBudget | None = None,
    ) -> None:
        self._capacity = workers + queue_limit
        self._workers = FairWorkers(limits or WorkerLimits(workers, workers, workers))
        self._jobs_per_principal = jobs_per_principal or self._capacity
        self._budget = budget
        self._requesters: dict[asyncio.Task[None], Requester] = {}
        self._metrics = metrics
        self._window_bytes = window_bytes
        self._linger_seconds = linger_seconds
        self._jobs: dict[str, _SharedJob] = {}

    @asynccontextmanager
    async def subscribe(self, key: str, job: Job, requester: Requester = _ANYONE) -> AsyncGenerator[StreamBuffer, None]:
        """Provide the buffer of this key's job, which is started for the requester unless it already runs or waits.

        Raises RenderQueueFull, TooManyRenders, RenderBudgetReached.
        """
        shared = self._jobs.get(key) or self._start(key, job, requester)
        shared.add_subscriber()
        try:
            yield shared.buffer
        finally:
            shared.remove_subscriber()

    async def close(self) -> None:
        """Cancel all jobs and wait until they have cleaned up."""
        for task in self._requesters:
            task.cancel()
        if self._requesters:
            await asyncio.wait(list(self._requesters))

    def _start(self, key: str, job: Job, requester: Requester) -> "_SharedJob":
        self._check_limits(requester)
        buffer = StreamBuffer(self._window_bytes)
        shared = _SharedJob(buffer, asyncio.create_task(self._run(job, buffer, requester)), self._linger_seconds)
        shared.unregister = lambda: self._unregister(key, shared)
        self._jobs[key] = shared
        self._requesters[shared.task] = requester
        shared.task.add_done_callback(lambda task: self._on_done(shared, task))
        return shared

    def _check_limits(self, requester: Requester) -> None:
        # Includes cancelled jobs that still clean up, because they still occupy their worker.
        others = list(self._requesters.values())
        registered = sum(one.user_class is UserClass.REGISTERED for one in others)
        has_share = requester.user_class is UserClass.REGISTERED and registered < self._capacity // 2
        if len(others) >= self._capacity and not has_share:
            self._metrics.rejected.inc()
            raise RenderQueueFull(len(others))
        if sum(one.principal == requester.principal for one in others) >= self._jobs_per_principal:
            self._metrics.rejected.inc()
            raise TooManyRenders(self._jobs_per_principal)
        if self._budget is not None:
            self._budget.check(requester)

    async def _run(self, job: Job, buffer: StreamBuffer, requester: Requester) -> None:
        queued_at = time.perf_counter()
        with self._metrics.waiting.track_inprogress():
            await self._workers.acquire(requester)
        self._metrics.queue_seconds.observe(time.perf_counter() - queued_at)
        try:
            with self._metrics.running.track_inprogress():
                await job(buffer)
        finally:
            self._workers.release(requester)
            if self._budget is not None:
                self._budget.charge(requester, buffer.size_bytes)

    def _on_done(self, shared: "_SharedJob", task: asyncio.Task[None]) -> None:
        self._requesters.pop(task, None)
        shared.unregister()
        error: BaseException | None = asyncio.CancelledError()
        # Retrieving the exception keeps asyncio from logging it when no subscriber is left.
        with contextlib.suppress(asyncio.CancelledError):
            error = task.exception()
        if error is not None:
            shared.buffer.fail(error)
        shared.release_if_ended()

    def _unregister(self, key: str, shared: "_SharedJob") -> None:
        # A later job may have been registered under the key.
        if self._jobs.get(key) is shared:
            del self._jobs[key]


class _SharedJob:
    """A job and the number of its subscribers."""

    def __init__(self, buffer: StreamBuffer, task: asyncio.Task[None], linger_seconds: float) -> None:
        self.buffer, self.task = buffer, task
        self.unregister: Callable[[], None] = lambda: None
        self._linger_seconds = linger_seconds
        self._subscribers = 0
        self._cancellation: asyncio.TimerHandle | None = None

    def add_subscriber(self) -> None:
        self._subscribers += 1
        if self._cancellation is not None:
            self._cancellation.cancel()
            self._cancellation = None

    def remove_subscriber(self) -> None:
        self._subscribers -= 1
        if self._subscribers or self.task.done():
            self.release_if_ended()
            return
        if self._linger_seconds:
            loop = asyncio.get_running_loop()
            self._cancellation = loop.call_later(self._linger_seconds, self._cancel_if_unused)
        else:
            self._cancel_if_unused()

    def release_if_ended(self) -> None:
        """Free the buffer's bytes once the job has ended and has no subscriber.

        References to the buffer outlive the response (tracebacks, tasks), and each may hold tens of megabytes.
        """
        if self.task.done() and not self._subscribers:
            self.buffer.release()

    def _cancel_if_unused(self) -> None:
        if not self._subscribers and not self.task.done():
            self.unregister()
            self.task.cancel()
