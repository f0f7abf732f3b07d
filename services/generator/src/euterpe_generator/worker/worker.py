"""The worker: claims generations, has the engine compose them, and finishes them.

It claims generations under leases, which it renews while they are composed and finished. At shutdown it hands back what
is unfinished; if it crashes, the leases expire and other workers claim its generations.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from euterpe_service_kit.background import BackgroundLoops
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import PreconditionFailed
from euterpe_service_kit.outages import is_outage

from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.engine.engine import Engine
from euterpe_generator.engine.request import Advanced, Array, Cancelled, Failed, Finished, Started, Update
from euterpe_generator.metrics import Metrics
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.services.live_events import LiveEvents
from euterpe_generator.storage.changes import CANCELLATIONS, QUEUE, WATCHERS, ChangeFeed
from euterpe_generator.storage.generations import GenerationRepository, RenewedLease
from euterpe_generator.storage.workers import WorkerRepository
from euterpe_generator.worker.claimed import ClaimedGeneration
from euterpe_generator.worker.engine_requests import Uncomposable, build_request
from euterpe_generator.worker.finishing import Finisher
from euterpe_generator.worker.outages import Permanent, retry_through_outages
from euterpe_generator.worker.sweeping import Sweeper
from euterpe_generator.worker.throughput import ThroughputMeter

log = structlog.get_logger(__name__)

_MODEL_FAILED = "The model failed while composing this piece."
_NOT_STORED = "The piece was composed and could not be stored because of an internal error."
_LOOPS = ("claim", "renew", "sweep", "publish")
_PUBLISH_SECONDS = 0.1
_COLLECT_SECONDS = 0.05
_ENGINE_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """See Settings."""

    worker_id: str
    lease_seconds: float
    poll_seconds: float
    max_attempts: int
    capacity: int
    finishers: int
    model_patience_seconds: float


class Worker:
    """One per process. `start` and `stop` are called by the app's lifespan."""

    def __init__(
        self,
        database: Database,
        changes: ChangeFeed,
        catalogue: Catalogue,
        finisher: Finisher,
        options: WorkerOptions,
        metrics: Metrics,
        live: LiveEvents,
        loops: BackgroundLoops,
    ) -> None:
        self._database = database
        self._changes = changes
        self._catalogue = catalogue
        self._finisher = finisher
        self._options = options
        self._metrics = metrics
        self._live = live
        self._throughput = ThroughputMeter()
        self._sweeper = Sweeper(
            database,
            changes,
            catalogue,
            metrics,
            self._throughput,
            worker_id=options.worker_id,
            max_attempts=options.max_attempts,
            lease=timedelta(seconds=options.lease_seconds),
            model_patience=timedelta(seconds=options.model_patience_seconds),
        )
        self._lease = timedelta(seconds=options.lease_seconds)
        #: Attempt id → generation under this worker's lease.
        self._claimed: dict[str, ClaimedGeneration] = {}
        self._finishing: set[asyncio.Task[None]] = set()
        self._finisher_slots = asyncio.Semaphore(options.finishers)
        self._loops = loops
        self._is_draining = False
        self._capacity_freed = asyncio.Event()
        self._piece_composed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine = Engine(self._deliver)
        self._engine.set_schedulers(catalogue.schedulers())
        catalogue.on_change(lambda: self._engine.set_schedulers(catalogue.schedulers()))

    async def start(self) -> None:
        """Start the engine and the loops.

        A container that is restarted in its pod has the worker id of its predecessor, whose leases end at once.
        """
        try:
            async with self._database.sessions.begin() as session:
                await GenerationRepository(session).end_leases(self._options.worker_id)
        except Exception as error:
            # The leases expire later.
            if not is_outage(error):
                raise
            log.warning("leases_not_ended", error=repr(error))
        self._loop = asyncio.get_running_loop()
        self._engine.start()
        for name, turn in zip(_LOOPS, (self._claim_turn, self._renew, self._sweep, self._publish), strict=True):
            self._loops.start(name, turn)

    async def stop(self, grace_seconds: float) -> None:
        """Stop claiming, finish what ends within the grace period, and hand the rest back."""
        self._is_draining = True
        deadline = time.monotonic() + grace_seconds
        while self._claimed and (remaining := deadline - time.monotonic()) > 0:
            self._capacity_freed.clear()
            await _wait_any(self._capacity_freed, timeout_seconds=remaining)
        await self._loops.stop(*_LOOPS)
        for task in list(self._finishing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.get_running_loop().run_in_executor(None, self._engine.stop, _ENGINE_STOP_SECONDS)
        if self._claimed:
            try:
                async with self._database.sessions.begin() as session:
                    await GenerationRepository(session).hand_back(self._options.worker_id)
                self._changes.announce(QUEUE)
            except Exception as error:
                # The leases expire instead.
                if not is_outage(error):
                    raise
                log.warning("hand_back_failed", error=repr(error))

    @property
    def is_busy(self) -> bool:
        """Whether generations are under this worker's lease."""
        return bool(self._claimed)

    async def check(self) -> None:
        """Raise RuntimeError if the engine's thread has ended."""
        await self._engine.check()

    async def _claim_turn(self) -> None:
        if self._is_draining:
            await asyncio.sleep(self._options.poll_seconds)
            return
        with self._changes.watch(QUEUE) as queue:
            self._capacity_freed.clear()
            free = self._options.capacity - len(self._claimed)
            claimed = await self._claim(free) if free > 0 else []
            # If the claim filled the capacity, there are probably more.
            if claimed and len(claimed) == free:
                return
            if claimed:
                await self._collect()
            else:
                timeout = self._options.poll_seconds
                await _wait_any(queue.changed, self._capacity_freed, timeout_seconds=timeout)

    async def _collect(self) -> None:
        """Wait for more requests while the engine is busy: a full batch costs hardly more than a narrow one."""
        deadline = time.monotonic() + _COLLECT_SECONDS
        while len(self._claimed) > len(self._finishing) and (remaining := deadline - time.monotonic()) > 0:
            self._piece_composed.clear()
            await _wait_any(self._piece_composed, timeout_seconds=remaining)

    async def _claim(self, count: int) -> list[Generation]:
        async with self._database.sessions.begin() as session:
            generations = await GenerationRepository(session).claim(
                worker=self._options.worker_id, models=self._catalogue.loaded(), count=count, lease=self._lease
            )
        for generation in sorted(generations, key=lambda one: one.created_at):
            claimed = ClaimedGeneration(generation, time.monotonic())
            if claimed.attempt_id in self._claimed:
                # PostgreSQL lost the commit of the first claim, as in a failover. The engine has the piece.
                log.warning("claim_repeated", generation=claimed.attempt_id)
                continue
            self._claimed[claimed.attempt_id] = claimed
            try:
                self._dispatch(claimed)
            except Exception as error:
                # The others of this claim must not wait until their leases expire.
                log.exception("dispatch_failed", generation=claimed.attempt_id)
                reason = str(error) if isinstance(error, Uncomposable) else _MODEL_FAILED
                self._start_finishing(claimed, self._end(claimed, Status.FAILED, reason))
        return generations

    def _dispatch(self, claimed: ClaimedGeneration) -> None:
        generation = claimed.generation
        self._metrics.claimed(generation)
        self._changes.announce(str(generation.id), generation)
        if claimed.model_key not in self._catalogue.loaded():
            # The model was unloaded during the claim. The lease will expire and another worker claims it.
            log.warning("model_unloaded", generation=claimed.attempt_id, model=claimed.model_key)
            self._forget(claimed)
            return
        self._engine.submit(claimed.model_key, build_request(self._catalogue, generation, claimed.attempt_id))
        if generation.watched or self._live.is_watched_here(generation.id):
            claimed.is_watched_elsewhere = generation.watched
            self._watch(claimed)

    async def _renew(self) -> None:
        with self._changes.watch(CANCELLATIONS) as cancelled, self._changes.watch(WATCHERS) as watched:
            timeout = min(1.0, self._options.lease_seconds / 4)
            await _wait_any(cancelled.changed, watched.changed, timeout_seconds=timeout)
        all_claimed = dict(self._claimed)
        if not all_claimed:
            return
        for claimed in all_claimed.values():
            # Before the database answers: what is watched here is to be heard at once.
            if self._live.is_watched_here(claimed.generation.id):
                self._watch(claimed)
        for attempt_id, steps in (await asyncio.wrap_future(self._engine.progress())).items():
            if attempt_id in all_claimed:
                all_claimed[attempt_id].steps = steps
        entries = [(one.generation.id, one.generation.attempt, one.steps) for one in all_claimed.values()]
        async with self._database.sessions.begin() as session:
            leases = await GenerationRepository(session).renew(entries, lease=self._lease)
        for claimed in all_claimed.values():
            lease = leases.get(claimed.generation.id)
            if lease is None:
                self._abort(claimed)
            else:
                self._apply_lease(claimed, lease)

    async def _sweep(self) -> None:
        await asyncio.sleep(1.0)
        await self._sweeper.sweep()

    async def _publish(self) -> None:
        await asyncio.sleep(_PUBLISH_SECONDS)
        updated: dict[uuid.UUID, Array] = {}
        for claimed in self._claimed.values():
            events = self._live.events(claimed.generation.id) if claimed.is_watched_elsewhere else None
            if events is not None and len(events) > claimed.published_events:
                claimed.published_events = len(events)
                updated[claimed.generation.id] = events
        if updated:
            async with self._database.sessions.begin() as session:
                await WorkerRepository(session).publish(updated)
            for generation_id in updated:
                self._changes.announce(str(generation_id))

    def _deliver(self, updates: list[Update]) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop may be closed before the engine's last step ends
            self._loop.call_soon_threadsafe(self._handle, updates)

    def _handle(self, updates: list[Update]) -> None:
        for update in updates:
            claimed = self._claimed.get(update.id)
            if claimed is None:
                continue
            try:
                self._apply_update(claimed, update)
            except Exception:
                # The updates of the other generations must still be applied.
                log.exception("update_failed", generation=claimed.attempt_id)
                self._start_finishing(claimed, self._end(claimed, Status.FAILED, _MODEL_FAILED))

    def _apply_update(self, claimed: ClaimedGeneration, update: Update) -> None:
        match update:
            case Started():
                pass
            case Advanced(start=start, events=events):
                if start == 0:
                    self._metrics.first_notes(time.monotonic() - claimed.claimed_at)
                self._live.add(claimed.generation.id, events)
                self._changes.notify_local(str(claimed.generation.id))
            case Finished(events=events):
                claimed.steps = len(events)
                self._start_finishing(claimed, self._finish(claimed, events))
            case Cancelled(events=events) if claimed.keep_partial and len(events):
                self._start_finishing(claimed, self._finish(claimed, events, Status.CANCELLED))
            case Cancelled():
                self._start_finishing(claimed, self._end(claimed, Status.CANCELLED))
            case Failed(reason=reason):
                log.error("session_failed", generation=claimed.attempt_id, reason=reason)
                self._start_finishing(claimed, self._end(claimed, Status.FAILED, _MODEL_FAILED))

    def _start_finishing(self, claimed: ClaimedGeneration, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._run_finishing(claimed, work), name=f"finish-{claimed.attempt_id}")
        self._finishing.add(task)
        self._piece_composed.set()
        task.add_done_callback(self._finishing.discard)

    async def _run_finishing(self, claimed: ClaimedGeneration, work: Coroutine[Any, Any, None]) -> None:
        async with self._finisher_slots:
            try:
                await work
            except PreconditionFailed as rejection:
                await self._fail(claimed, rejection.detail)
            except Permanent:
                log.exception("finishing_failed", generation=claimed.attempt_id)
                await self._fail(claimed, _MODEL_FAILED)
            except Exception:
                log.exception("finishing_failed", generation=claimed.attempt_id)
                await self._fail(claimed, _NOT_STORED)
        self._forget(claimed)
        self._changes.announce(str(claimed.generation.id), claimed.ended)

    async def _fail(self, claimed: ClaimedGeneration, reason: str) -> None:
        try:
            await self._end(claimed, Status.FAILED, reason)
        except Exception:
            # The lease is not renewed any more, so that the generation is retried or fails when it expires.
            log.exception("failure_not_recorded", generation=claimed.attempt_id)

    async def _finish(self, claimed: ClaimedGeneration, events: Array, status: Status = Status.SUCCEEDED) -> None:
        model = self._catalogue.resolve(claimed.model_key)
        await self._record(claimed, lambda: self._finisher.finish(claimed.generation, model, events, status))

    async def _end(self, claimed: ClaimedGeneration, status: Status, failure: str | None = None) -> None:
        await self._record(claimed, lambda: self._finisher.end(claimed.generation, status, failure))

    async def _record(
        self, claimed: ClaimedGeneration, attempt: Callable[[], Coroutine[Any, Any, Generation | None]]
    ) -> None:
        def is_claimed() -> bool:
            return claimed.attempt_id in self._claimed

        ended = await retry_through_outages(attempt, attempt_id=claimed.attempt_id, is_claimed=is_claimed)
        if ended is not None:
            self._throughput.record()
            self._metrics.ended(ended)
        claimed.ended = ended

    def _abort(self, claimed: ClaimedGeneration) -> None:
        # Unless it has just been finished here, another worker has taken it over or it was deleted.
        if claimed.attempt_id in self._claimed:
            self._engine.cancel(claimed.model_key, claimed.attempt_id)
            self._forget(claimed)

    def _forget(self, claimed: ClaimedGeneration) -> None:
        self._claimed.pop(claimed.attempt_id, None)
        self._live.close(claimed.generation.id)
        self._capacity_freed.set()

    def _apply_lease(self, claimed: ClaimedGeneration, lease: RenewedLease) -> None:
        claimed.is_watched_elsewhere = lease.watched
        if lease.watched:
            self._watch(claimed)
        if lease.cancel_requested and not claimed.is_cancelling:
            claimed.is_cancelling, claimed.keep_partial = True, lease.keep_partial
            self._engine.cancel(claimed.model_key, claimed.attempt_id)

    def _watch(self, claimed: ClaimedGeneration) -> None:
        if not self._live.is_open(claimed.generation.id):
            self._live.open(claimed.generation.id)
            self._engine.watch(claimed.model_key, claimed.attempt_id)


async def _wait_any(*events: asyncio.Event, timeout_seconds: float) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
