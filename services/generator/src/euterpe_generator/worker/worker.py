"""The worker: claims generations, has the engine compose them, and sees them finished.

It holds what it claimed under leases and renews them while the engine and the finishings are busy. What it cannot
finish it hands back; what it dies with, the others take over when the lease runs out.
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
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import PreconditionFailed, Unavailable
from sqlalchemy.exc import SQLAlchemyError

from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.engine.engine import Engine
from euterpe_generator.engine.request import Advanced, Array, Broken, Finished, Started, Stopped, Update
from euterpe_generator.metrics import Metrics
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.services.live_events import LiveBoard
from euterpe_generator.storage.changes import CANCELLATIONS, QUEUE, WATCHERS, ChangeFeed
from euterpe_generator.storage.generations import Generations, Orders
from euterpe_generator.storage.workers import Workers
from euterpe_generator.worker.claimed import Held
from euterpe_generator.worker.finishing import Finisher
from euterpe_generator.worker.sweeping import Sweeper
from euterpe_generator.worker.throughput import Pace

log = structlog.get_logger(__name__)

#: What PostgreSQL, S3 and the library raise while they are away.
OUTAGES = (Unavailable, SQLAlchemyError, OSError, TimeoutError)

_BROKEN = "The model failed while composing this piece."
_PUBLISH_SECONDS = 0.1
_GATHER_SECONDS = 0.05


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
    """One per process. `start` and `stop` belong to the app's lifespan."""

    def __init__(
        self,
        database: Database,
        changes: ChangeFeed,
        catalogue: Catalogue,
        finisher: Finisher,
        options: WorkerOptions,
        metrics: Metrics,
        board: LiveBoard,
    ) -> None:
        self._database = database
        self._changes = changes
        self._catalogue = catalogue
        self._finisher = finisher
        self._options = options
        self._metrics = metrics
        self._board = board
        self._pace = Pace()
        self._sweeper = Sweeper(
            database,
            changes,
            catalogue,
            metrics,
            self._pace,
            worker_id=options.worker_id,
            max_attempts=options.max_attempts,
            model_patience=timedelta(seconds=options.model_patience_seconds),
        )
        self._lease = timedelta(seconds=options.lease_seconds)
        self._held: dict[str, Held] = {}
        self._finishing: set[asyncio.Task[None]] = set()
        self._finish_slots = asyncio.Semaphore(options.finishers)
        self._loops: list[asyncio.Task[None]] = []
        self._draining = False
        self._room = asyncio.Event()
        self._composed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine = Engine(self._deliver)
        self._engine.use(catalogue.schedulers())
        catalogue.on_change(lambda: self._engine.use(catalogue.schedulers()))

    def start(self) -> None:
        """Begins to work."""
        self._loop = asyncio.get_running_loop()
        self._engine.start()
        self._spawn("claim", self._claim_once)
        self._spawn("renew", self._renew_once)
        self._spawn("sweep", self._sweep_once)
        self._spawn("publish", self._publish_once)

    async def stop(self, grace_seconds: float) -> None:
        """Stops claiming, finishes what it can within the grace, and hands the rest back."""
        self._draining = True
        deadline = time.monotonic() + grace_seconds
        while self._held and (left := deadline - time.monotonic()) > 0:
            self._room.clear()
            await _first_of(self._room, seconds=left)
        for task in [*self._loops, *self._finishing]:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.get_running_loop().run_in_executor(None, self._engine.stop, 5.0)
        if self._held:
            with suppress(*OUTAGES):
                async with self._database.sessions.begin() as session:
                    await Generations(session).hand_back(self._options.worker_id)
                self._changes.announce(QUEUE)

    def _spawn(self, name: str, turn: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._loops.append(asyncio.create_task(self._repeat(name, turn), name=f"worker-{name}"))

    async def _repeat(self, name: str, turn: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await turn()
            except OUTAGES as error:
                log.warning("worker_turn_failed", turn=name, error=repr(error))
                await asyncio.sleep(self._options.poll_seconds)

    async def _claim_once(self) -> None:
        with self._changes.watch(QUEUE) as queue:
            while not self._draining:
                queue.changed.clear()
                self._room.clear()
                free = self._options.capacity - len(self._held)
                claimed = await self._claim(free) if free > 0 else []
                # A full claim means that there is probably more.
                if claimed and len(claimed) == free:
                    continue
                if claimed:
                    await self._gather()
                else:
                    await _first_of(queue.changed, self._room, seconds=self._options.poll_seconds)
        await asyncio.sleep(self._options.poll_seconds)

    async def _gather(self) -> None:
        """Lets orders come together while the engine is busy: it takes a full batch for the price of a narrow one."""
        deadline = time.monotonic() + _GATHER_SECONDS
        while len(self._held) > len(self._finishing) and (left := deadline - time.monotonic()) > 0:
            self._composed.clear()
            await _first_of(self._composed, seconds=left)

    async def _claim(self, count: int) -> list[Generation]:
        async with self._database.sessions.begin() as session:
            claimed = await Generations(session).claim(
                worker=self._options.worker_id, models=self._catalogue.loaded(), count=count, lease=self._lease
            )
        for generation in sorted(claimed, key=lambda one: one.created_at):
            held = Held(generation, time.monotonic())
            self._held[held.ticket] = held
            self._metrics.claimed(generation)
            self._changes.announce(str(generation.id), generation)
            try:
                self._engine.submit(held.model, self._catalogue.request(generation, held.ticket))
            except KeyError:
                # The model was dropped while the claim was under way; the lease runs out and another takes over.
                log.warning("model_gone", generation=held.ticket, model=held.model)
                self._forget(held)
                continue
            if generation.watched or self._board.watched_here(generation.id):
                held.watched_elsewhere = generation.watched
                self._watch(held)
        return claimed

    async def _renew_once(self) -> None:
        with self._changes.watch(CANCELLATIONS) as cancelled, self._changes.watch(WATCHERS) as watched:
            await _first_of(cancelled.changed, watched.changed, seconds=min(1.0, self._options.lease_seconds / 4))
        held = dict(self._held)
        if not held:
            return
        for ticket, steps in (await asyncio.wrap_future(self._engine.progress())).items():
            if ticket in held:
                held[ticket].steps = steps
        entries = [(one.generation.id, one.generation.attempt, one.steps) for one in held.values()]
        async with self._database.sessions.begin() as session:
            mine = await Generations(session).renew(entries, lease=self._lease)
        for one in held.values():
            if one.generation.id not in mine:
                self._lose(one)
            else:
                self._obey(one, mine[one.generation.id])

    async def _sweep_once(self) -> None:
        await asyncio.sleep(1.0)
        await self._sweeper.sweep()

    async def _publish_once(self) -> None:
        await asyncio.sleep(_PUBLISH_SECONDS)
        fresh: dict[uuid.UUID, Array] = {}
        for held in self._held.values():
            events = self._board.events(held.generation.id) if held.watched_elsewhere else None
            if events is not None and len(events) > held.published:
                held.published = len(events)
                fresh[held.generation.id] = events
        if fresh:
            async with self._database.sessions.begin() as session:
                await Workers(session).publish(fresh)
            for generation_id in fresh:
                self._changes.announce(str(generation_id))

    def _deliver(self, updates: list[Update]) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop may have closed while the last step ran
            self._loop.call_soon_threadsafe(self._handle, updates)

    def _handle(self, updates: list[Update]) -> None:
        for update in updates:
            held = self._held.get(update.id)
            if held is not None:
                self._apply(held, update)

    def _apply(self, held: Held, update: Update) -> None:
        match update:
            case Started():
                pass
            case Advanced(start=start, events=events):
                if start == 0:
                    self._metrics.first_notes(time.monotonic() - held.claimed_at)
                self._board.add(held.generation.id, events)
                self._changes.wake(str(held.generation.id))
            case Finished(events=events):
                held.steps = len(events)
                self._begin_finishing(held, self._finish(held, events))
            case Stopped(events=events) if held.keep_partial and len(events):
                self._begin_finishing(held, self._finish(held, events, Status.CANCELLED))
            case Stopped():
                self._begin_finishing(held, self._end(held, Status.CANCELLED))
            case Broken(reason=reason):
                log.error("engine_broke", generation=held.ticket, reason=reason)
                self._begin_finishing(held, self._end(held, Status.FAILED, _BROKEN))

    def _begin_finishing(self, held: Held, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._until_done(held, work), name=f"finish-{held.ticket}")
        self._finishing.add(task)
        self._composed.set()
        task.add_done_callback(self._finishing.discard)

    async def _until_done(self, held: Held, work: Coroutine[Any, Any, None]) -> None:
        async with self._finish_slots:
            try:
                await work
            except PreconditionFailed as refusal:
                await self._end(held, Status.FAILED, refusal.detail)
            except Exception:
                # Nothing that a second try would mend: the lease must not be renewed for ever.
                log.exception("finishing_failed", generation=held.ticket)
                await self._end(held, Status.FAILED, _BROKEN)
        self._forget(held)
        self._changes.announce(str(held.generation.id), held.ended)

    async def _finish(self, held: Held, events: Array, status: Status = Status.SUCCEEDED) -> None:
        model = self._catalogue.find(held.model)
        await self._persist(held, lambda: self._finisher.finish(held.generation, model, events, status))

    async def _end(self, held: Held, status: Status, failure: str | None = None) -> None:
        async def end() -> Generation | None:
            async with self._database.sessions.begin() as session:
                return await Generations(session).end(held.generation, status, failure)

        await self._persist(held, end)

    async def _persist(self, held: Held, attempt: Callable[[], Coroutine[Any, Any, Generation | None]]) -> None:
        """Repeats until it is done or the generation is no longer ours; an outage loses nothing."""
        pause = 0.1
        while held.ticket in self._held:
            try:
                ended = await attempt()
            except OUTAGES as error:
                log.warning("finishing_delayed", generation=held.ticket, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
                continue
            if ended is not None:
                self._pace.count()
                self._metrics.ended(ended)
            held.ended = ended
            return

    def _lose(self, held: Held) -> None:
        # Finished in between, or taken over by another worker: either way no longer ours.
        if held.ticket in self._held:
            self._engine.cancel(held.model, held.ticket)
            self._forget(held)

    def _forget(self, held: Held) -> None:
        self._held.pop(held.ticket, None)
        self._board.close(held.generation.id)
        self._room.set()

    def _obey(self, held: Held, asked: Orders) -> None:
        held.watched_elsewhere = asked.watched
        if asked.watched or self._board.watched_here(held.generation.id):
            self._watch(held)
        if asked.cancel and not held.cancelling:
            held.cancelling, held.keep_partial = True, asked.keep_partial
            self._engine.cancel(held.model, held.ticket)

    def _watch(self, held: Held) -> None:
        if not self._board.is_open(held.generation.id):
            self._board.open(held.generation.id)
            self._engine.watch(held.model, held.ticket)


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
