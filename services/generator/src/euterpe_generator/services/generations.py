"""Use cases of generations: request, get, wait and cancel."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import structlog
from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.clock import Clock
from euterpe_generator.domain.daily_usage import DailyUsage
from euterpe_generator.domain.generation import Generation, Owner, Status, UserClass
from euterpe_generator.domain.library_usage import LibraryUsage
from euterpe_generator.domain.queue import QueuePosition
from euterpe_generator.domain.requests import ComparisonVariant, GenerationRequest, Order
from euterpe_generator.domain.shares import ClassLimits
from euterpe_generator.errors import (
    GenerationNotFound,
    IdempotencyKeyReused,
    QueueFull,
    StorageFull,
    TooManyUnfinished,
)
from euterpe_generator.services.batching import Batcher
from euterpe_generator.services.daily_limit import DailyLimit, today
from euterpe_generator.services.queue_limit import QueueLimit
from euterpe_generator.services.request_resolution import RequestResolver
from euterpe_generator.services.storage_quota import StorageQuota
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.changes import CANCELLATIONS, QUEUE, ChangeFeed, Watch
from euterpe_generator.storage.daily_pieces import DailyPiecesRepository
from euterpe_generator.storage.generations import GenerationRepository
from euterpe_generator.storage.idempotency_keys import IdempotencyKeyRepository
from euterpe_generator.storage.workers import WorkerRepository

log = structlog.get_logger(__name__)

#: How long a waiting request relies on notifications before it reads the row again.
_POLL_SECONDS = 1.0
#: Maximum age of the queue's count for accepting an order, and for rejecting one.
_ACCEPT_COUNT_SECONDS = 0.25
_REJECT_COUNT_SECONDS = 0.02
#: Queue positions are counted up to this one.
_MAX_POSITION = 1_000
_RECENT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of unfinished work; see Settings."""

    max_queued: int
    always_queued: int
    max_queue_seconds: float
    classes: Mapping[UserClass, ClassLimits]


class GenerationService:
    """Use cases of generations."""

    def __init__(
        self,
        database: Database,
        changes: ChangeFeed,
        resolver: RequestResolver,
        quota: StorageQuota,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._quota = quota
        self._database = database
        self._changes = changes
        self._resolver = resolver
        self._limits = limits
        self._clock = clock
        self._daily = DailyLimit(limits.classes)
        self._admissions = Batcher(self._admit, name="admit")
        self._queue = QueueLimit(
            max_queued=limits.max_queued,
            always_accepted=limits.always_queued,
            max_wait_seconds=limits.max_queue_seconds,
            shares={one: limits.guaranteed_share for one, limits in limits.classes.items()},
            clock=clock.monotonic,
        )
        self._counted_at = float("-inf")

    async def create(
        self, owner: Owner, request: GenerationRequest, idempotency_key: str | None, *, wait_seconds: float = 0
    ) -> list[Generation]:
        """Accept a request. Once this returns, each generation completes or reports an error.

        Waits up to `wait_seconds` for their end and returns their state then. Raises InvalidParameters, QueueFull,
        TooManyUnfinished, StorageFull, DailyQuotaReached, NetworkQuotaReached, IdempotencyKeyReused.
        """
        order = await self._resolver.resolve(owner, request)
        return await self._place(owner, order, idempotency_key, request.digest, wait_seconds)

    async def compare(
        self,
        owner: Owner,
        request: GenerationRequest,
        variants: Sequence[ComparisonVariant],
        idempotency_key: str | None,
        *,
        wait_seconds: float = 0,
    ) -> list[Generation]:
        """Accept a request for one piece per variant, all with the same seed and prompt; see `create`."""
        order = await self._resolver.resolve_comparison(owner, request, variants)
        request_digest = request.digest_with({"variants": [variant.identity for variant in variants]})
        return await self._place(owner, order, idempotency_key, request_digest, wait_seconds)

    async def get_order(self, order_id: uuid.UUID, owner: Owner) -> list[Generation]:
        """Return the generations of an order, by variation. Raises GenerationNotFound."""
        async with self._database.sessions() as session:
            generations = await GenerationRepository(session).list_order(order_id)
        if not generations or not all(_may_read(generation, owner) for generation in generations):
            raise GenerationNotFound
        return generations

    async def get(self, generation_id: uuid.UUID, owner: Owner) -> Generation:
        """Return a generation. Raises GenerationNotFound.

        Anyone who knows the id of an anonymous user's generation may read it.
        """
        async with self._database.sessions() as session:
            generation = await GenerationRepository(session).get(generation_id)
        if generation is None or not _may_read(generation, owner):
            raise GenerationNotFound
        return generation

    async def queue_position(self, generation: Generation) -> QueuePosition | None:
        """Return a generation's position in the queue; None if it is not queued or too far back to count."""
        if generation.status is not Status.QUEUED:
            return None
        async with self._database.sessions() as session:
            before = await GenerationRepository(session).count_before(generation, at_most=_MAX_POSITION)
            throughput = await WorkerRepository(session).ended_per_second(recent=_RECENT)
        if before >= _MAX_POSITION:
            return None
        wait = (before + 1) / throughput if throughput else None
        return QueuePosition(position=before + 1, estimated_wait_seconds=wait)

    async def cancel(self, generation_id: uuid.UUID, owner: Owner, *, keep_partial: bool = False) -> Generation:
        """Cancel a generation unless it has ended; with `keep_partial`, its events so far become a piece."""
        await self.get(generation_id, owner)
        async with self._database.sessions.begin() as session:
            await GenerationRepository(session).cancel(generation_id, keep_partial=keep_partial)
        self._changes.announce(CANCELLATIONS)
        self._changes.announce(str(generation_id))
        return await self.get(generation_id, owner)

    async def wait(self, generation: Generation, timeout_seconds: float) -> Generation:
        """Return the generation once it has ended, or its state after the timeout."""
        with self._changes.watch(str(generation.id)) as watch:
            watch.latest = await self.get(generation.id, generation.owner)
            return await self._wait(generation, watch, self._clock.monotonic() + timeout_seconds)

    def overload(self, *user_classes: UserClass) -> QueueFull | None:
        """Return the error for any new foreground request of these classes if the queue was full a moment ago."""
        return self._queue_full() if self._queue.is_closed(*user_classes) else None

    async def _place(
        self, owner: Owner, order: Order, idempotency_key: str | None, request_digest: str, wait_seconds: float
    ) -> list[Generation]:
        await self._check_storage(owner, order, idempotency_key)
        with ExitStack() as stack:
            # Watched before the rows exist, because a piece may end before the call that enqueues it returns.
            watches = [stack.enter_context(self._changes.watch(str(one.id))) for one in order.items if wait_seconds]
            generations = await self._accept(owner, order, idempotency_key, request_digest)
            self._changes.announce(QUEUE)
            if not wait_seconds:
                return [generation.as_accepted() for generation in generations]
            if generations[0].id != order.id:
                return [await self.wait(generation, wait_seconds) for generation in generations]
            deadline = self._clock.monotonic() + wait_seconds
            pairs = zip(generations, watches, strict=True)
            return [await self._wait(generation, watch, deadline) for generation, watch in pairs]

    def library_usage(self, owner: Owner) -> LibraryUsage | None:
        """Return how full the user's library is, as of the last request for a piece; None if that is not known."""
        return self._quota.known(owner)

    def known_daily_usage(self, owner: Owner) -> DailyUsage | None:
        """Return the pieces of today as of the owner's last request to this process; None if that is not known."""
        return self._daily.known(owner)

    async def daily_usage(self, owner: Owner) -> DailyUsage:
        """Return the pieces that an owner has requested today."""
        async with self._database.sessions() as session:
            return (await self._daily.usage(session, [owner], today()))[owner.key]

    async def set_daily_limit(self, user_id: str, limit: int | None) -> None:
        """Set how many pieces an account may request in a day (0: no limit); with None, apply that of its class."""
        async with self._database.sessions.begin() as session:
            await DailyPiecesRepository(session).set_limit(user_id, limit)
        log.warning("quota_set", user_id=user_id, max_pieces_per_day=limit)

    async def _check_storage(self, owner: Owner, order: Order, idempotency_key: str | None) -> None:
        try:
            await self._quota.check(owner, order.count)
        except StorageFull:
            # A repeated request has its answer, whatever the library holds by now.
            if idempotency_key is None:
                raise
            async with self._database.sessions() as session:
                if not await IdempotencyKeyRepository(session).exists(owner, idempotency_key):
                    raise

    async def _accept(
        self, owner: Owner, order: Order, idempotency_key: str | None, request_digest: str
    ) -> list[Generation]:
        limits = self._limits.classes[owner.user_class]
        admission = Admission(owner, order, limits.max_unfinished, limits.max_unfinished_per_network)
        if idempotency_key is None:
            return await self._admissions.put(admission)
        # A transaction of its own, because it waits for concurrent requests with the same key.
        async with self._database.sessions.begin() as session:
            keys = IdempotencyKeyRepository(session)
            existing = await keys.insert(owner, idempotency_key, request_digest, order.id)
            if existing is not None:
                return await self._existing(session, existing, request_digest)
            [outcome] = await self._enqueue(session, [admission])
            if isinstance(outcome, Exception):
                raise outcome
        return outcome

    async def _admit(self, admissions: Sequence[Admission]) -> list[list[Generation] | Exception]:
        async with self._database.sessions.begin() as session:
            return await self._enqueue(session, admissions)

    async def _enqueue(
        self, session: AsyncSession, admissions: Sequence[Admission]
    ) -> list[list[Generation] | Exception]:
        await self._count_queue(session, max_age_seconds=_ACCEPT_COUNT_SECONDS)
        fits = self._try_add(admissions)
        # Generations that were claimed since the last count have made room.
        if not all(fits) and await self._count_queue(session, max_age_seconds=_REJECT_COUNT_SECONDS):
            fits = self._try_add(admissions)
        for one, fit in zip(admissions, fits, strict=True):
            if not fit and one.order.count == 1:
                self._queue.close_briefly(one.owner.user_class)
        fitting = [one for one, fit in zip(admissions, fits, strict=True) if fit]
        counted_at = self._queue.updates
        outcomes = await self._add(session, fitting)
        for one in fitting:
            if isinstance(outcomes[one.order.id], Exception):
                order = one.order
                self._queue.give_back(
                    order.count, one.owner.user_class, background=order.background, counted_at=counted_at
                )
        return [outcomes.get(one.order.id) or self._queue_full() for one in admissions]

    async def _add(
        self, session: AsyncSession, admissions: Sequence[Admission]
    ) -> dict[uuid.UUID, list[Generation] | Exception]:
        """Return the generations of each order, or the error of a limit that it exceeds."""
        daily = self._daily.begin(session)
        outcomes: dict[uuid.UUID, list[Generation] | Exception] = {}
        waiting = list(admissions)
        while waiting:
            refusals = await daily.refusals(waiting)
            allowed = [one for one, refusal in zip(waiting, refusals, strict=True) if refusal is None]
            enqueued = await GenerationRepository(session).enqueue(allowed) if allowed else []
            accepted = [one for one, generations in zip(allowed, enqueued, strict=True) if generations]
            await daily.count(accepted)
            outcomes |= {one.order.id: refusal for one, refusal in zip(waiting, refusals, strict=True) if refusal}
            outcomes |= {
                one.order.id: generations or _too_many_unfinished(one)
                for one, generations in zip(allowed, enqueued, strict=True)
            }
            # Orders that were refused with too many unfinished ones do not count, so there may be room for others.
            has_room = len(accepted) < len(allowed)
            waiting = [one for one, refusal in zip(waiting, refusals, strict=True) if refusal and has_room]
        return outcomes

    async def _wait(self, generation: Generation, watch: Watch, deadline: float) -> Generation:
        while True:
            watch.changed.clear()
            if watch.latest is not None and watch.latest.status.ended:
                return watch.latest
            remaining = deadline - self._clock.monotonic()
            if remaining <= 0:
                return await self.get(generation.id, generation.owner)
            notified = await self._clock.wait_for(watch.changed, min(remaining, _POLL_SECONDS))
            if not notified or watch.latest is None:
                watch.latest = await self.get(generation.id, generation.owner)

    def _try_add(self, admissions: Sequence[Admission]) -> list[bool]:
        return [
            self._queue.try_add(one.order.count, one.owner.user_class, background=one.order.background)
            for one in admissions
        ]

    async def _count_queue(self, session: AsyncSession, *, max_age_seconds: float) -> bool:
        # Counting a long queue costs more than an insert, so the last count is reused for a while.
        if due := self._clock.monotonic() - self._counted_at > max_age_seconds:
            self._counted_at = self._clock.monotonic()
            throughput = await WorkerRepository(session).ended_per_second(recent=_RECENT)
            depth = await GenerationRepository(session).count_queued(at_most=self._limits.max_queued)
            self._queue.update(depth, throughput)
        return due

    async def _existing(
        self, session: AsyncSession, existing: tuple[uuid.UUID, str], request_digest: str
    ) -> list[Generation]:
        generation_id, existing_digest = existing
        if existing_digest != request_digest:
            raise IdempotencyKeyReused("This Idempotency-Key was used for a different request. Use a new key.")
        return await GenerationRepository(session).list_order(generation_id)

    def _queue_full(self) -> QueueFull:
        detail = "The queue is full. Try again later."
        return QueueFull(detail, retry_after_seconds=self._queue.retry_after_seconds)


def _too_many_unfinished(admission: Admission) -> TooManyUnfinished:
    detail = (
        f"You may have at most {admission.max_unfinished} unfinished generations, and your network at most "
        f"{admission.max_unfinished_per_network}. Wait until some have ended."
    )
    return TooManyUnfinished(detail, retry_after_seconds=5)


def _may_read(generation: Generation, owner: Owner) -> bool:
    return generation.owner.id is None or generation.owner.id == owner.id
