"""What listeners do with generations: order one, look at it, follow it, cancel it, fetch its MIDI."""

import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.generation import Generation, Listener, Order, Place, Status
from euterpe_generator.errors import (
    GenerationNotFound,
    IdempotencyKeyReused,
    QueueFull,
    TooManyUnfinished,
)
from euterpe_generator.services.batching import Batcher
from euterpe_generator.services.progress_stream import wait_for
from euterpe_generator.services.queue_limit import QueueLimit
from euterpe_generator.services.request_resolution import Ordering, Wish, digest
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.changes import CANCELLATIONS, QUEUE, ChangeFeed, Watch
from euterpe_generator.storage.generations import Generations
from euterpe_generator.storage.workers import Workers

#: How long a waiter relies on notifications before it looks for itself.
_LOOK_SECONDS = 1.0
#: How old the count of the queue may be that an order is admitted by.
_COUNT_SECONDS = 0.25
#: And that one is refused by.
_RECOUNT_SECONDS = 0.02
#: Places in the queue are counted up to here.
_FARTHEST_PLACE = 1_000
_RECENTLY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much unfinished work is accepted; see Settings."""

    queued: int
    always_queued: int
    queue_seconds: float
    per_listener: int
    anonymous: int


class GenerationService:
    """The use cases around generations."""

    def __init__(self, database: Database, changes: ChangeFeed, ordering: Ordering, limits: Limits) -> None:
        self._database = database
        self._changes = changes
        self._ordering = ordering
        self._limits = limits
        self._admissions = Batcher(self._admit, name="admit")
        self._queue = QueueLimit(most=limits.queued, always=limits.always_queued, seconds=limits.queue_seconds)
        self._counted_at = float("-inf")

    async def order(
        self, listener: Listener, wish: Wish, idempotency_key: str | None, *, wait_seconds: float = 0
    ) -> list[Generation]:
        """Accepts an order. Once this returns, its pieces will come about or their failure will be told.

        Waits up to `wait_seconds` for their end, and returns them as they stand then. Raises InvalidParameters,
        QueueFull, TooManyUnfinished, IdempotencyKeyReused.
        """
        order = await self._ordering.order(listener, wish)
        return await self._put(listener, order, idempotency_key, wish.digest, wait_seconds)

    async def compare(
        self,
        listener: Listener,
        wish: Wish,
        variants: Sequence[tuple[str, Mapping[str, Any]]],
        idempotency_key: str | None,
        *,
        wait_seconds: float = 0,
    ) -> list[Generation]:
        """Accepts an order of one piece per variant of a wish, all of one seed and prompt; see `order`."""
        order = await self._ordering.comparison(listener, wish, variants)
        asked = digest({**asdict(wish), "variants": [[label, sorted(each.items())] for label, each in variants]})
        return await self._put(listener, order, idempotency_key, asked, wait_seconds)

    async def of_order(self, order_id: uuid.UUID, listener: Listener) -> list[Generation]:
        """All pieces of an order that the listener may see, by variation; raises GenerationNotFound for none."""
        async with self._database.sessions() as session:
            pieces = await Generations(session).of_order(order_id)
        if not pieces or not all(_may_see(piece, listener) for piece in pieces):
            raise GenerationNotFound
        return pieces

    async def _put(
        self, listener: Listener, order: Order, idempotency_key: str | None, asked: str, wait_seconds: float
    ) -> list[Generation]:
        with ExitStack() as stack:
            # Watched before they exist: a piece may end before its order has been answered.
            watches = [stack.enter_context(self._changes.watch(str(one.id))) for one in order.pieces if wait_seconds]
            generations = await self._accept(listener, order, idempotency_key, asked)
            self._changes.announce(QUEUE)
            if not wait_seconds:
                return [generation.as_accepted() for generation in generations]
            if generations[0].id != order.id:
                return [await self.wait(generation, wait_seconds) for generation in generations]
            deadline = time.monotonic() + wait_seconds
            pairs = zip(generations, watches, strict=True)
            return [await self._wait(generation, watch, deadline) for generation, watch in pairs]

    async def _accept(
        self, listener: Listener, order: Order, idempotency_key: str | None, asked: str
    ) -> list[Generation]:
        allowed = self._limits.anonymous if listener.id is None else self._limits.per_listener
        admission = Admission(listener, order, allowed)
        if idempotency_key is None:
            return await self._admissions.put(admission)
        # In a transaction of its own: it waits for whoever is using the same key.
        async with self._database.sessions.begin() as session:
            rows = Generations(session)
            known = await rows.remember_key(listener.key, idempotency_key, asked, order.id)
            if known is not None:
                return await self._recall(rows, known, asked)
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
        await self._count_queue(session, older_than=_COUNT_SECONDS)
        fits = self._take(admissions)
        # What has left the queue since it was counted made room.
        if not all(fits) and await self._count_queue(session, older_than=_RECOUNT_SECONDS):
            fits = self._take(admissions)
        if any(one.order.count == 1 for one, fit in zip(admissions, fits, strict=True) if not fit):
            self._queue.shut_briefly()
        fitting = [one for one, fit in zip(admissions, fits, strict=True) if fit]
        accepted = iter(await Generations(session).enqueue(fitting) if fitting else [])
        return [
            next(accepted) or _too_many(one.most_unfinished) if fit else self._full()
            for one, fit in zip(admissions, fits, strict=True)
        ]

    def _full(self) -> QueueFull:
        return QueueFull("The queue is full. Try again shortly.", retry_after_seconds=self._queue.retry_after_seconds)

    @property
    def overload(self) -> QueueFull | None:
        """What any new order in the foreground is refused with at this moment, before it is even read."""
        return self._full() if self._queue.shut else None

    async def get(self, generation_id: uuid.UUID, listener: Listener) -> Generation:
        """A generation that the listener may see. An anonymous one's id is its only key."""
        async with self._database.sessions() as session:
            generation = await Generations(session).get(generation_id)
        if generation is None or not _may_see(generation, listener):
            raise GenerationNotFound
        return generation

    async def place(self, generation: Generation) -> Place | None:
        """Where a queued generation stands; None for one that does not wait, or too far back to count."""
        if generation.status is not Status.QUEUED:
            return None
        async with self._database.sessions() as session:
            before = await Generations(session).position(generation, at_most=_FARTHEST_PLACE)
            pace = await Workers(session).ended_per_second(recent=_RECENTLY)
        if before >= _FARTHEST_PLACE:
            return None
        return Place(position=before + 1, estimated_wait_seconds=(before + 1) / pace if pace else None)

    async def cancel(self, generation_id: uuid.UUID, listener: Listener, *, keep_partial: bool = False) -> Generation:
        """Cancels what has not ended, and keeps what was composed of it if asked; what has ended stays as it is."""
        await self.get(generation_id, listener)
        async with self._database.sessions.begin() as session:
            await Generations(session).cancel(generation_id, keep_partial=keep_partial)
        self._changes.announce(CANCELLATIONS)
        self._changes.announce(str(generation_id))
        return await self.get(generation_id, listener)

    async def wait(self, generation: Generation, seconds: float) -> Generation:
        """Returns the generation once it has ended, or as it stands when the time is over."""
        with self._changes.watch(str(generation.id)) as watch:
            watch.latest = await self.get(generation.id, generation.listener)
            return await self._wait(generation, watch, time.monotonic() + seconds)

    async def _wait(self, generation: Generation, watch: Watch, deadline: float) -> Generation:
        while True:
            watch.changed.clear()
            if watch.latest is not None and watch.latest.status.ended:
                return watch.latest
            left = deadline - time.monotonic()
            if left <= 0:
                return await self.get(generation.id, generation.listener)
            if not await wait_for(watch.changed, min(left, _LOOK_SECONDS)) or watch.latest is None:
                watch.latest = await self.get(generation.id, generation.listener)

    def _take(self, admissions: Sequence[Admission]) -> list[bool]:
        return [self._queue.take(one.order.count, background=one.order.background) for one in admissions]

    async def _count_queue(self, session: AsyncSession, *, older_than: float) -> bool:
        # Counting a long queue costs more than joining it, so the count may be a moment old.
        if due := time.monotonic() - self._counted_at > older_than:
            self._counted_at = time.monotonic()
            pace = await Workers(session).ended_per_second(recent=_RECENTLY)
            self._queue.update(await Generations(session).count_queued(at_most=self._limits.queued), pace)
        return due

    async def _recall(self, rows: Generations, known: tuple[uuid.UUID, str], asked: str) -> list[Generation]:
        generation_id, known_digest = known
        if known_digest != asked:
            raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
        return await rows.of_order(generation_id)


def _too_many(allowed: int) -> TooManyUnfinished:
    detail = f"You may have {allowed} unfinished generations at a time. Wait for some of them."
    return TooManyUnfinished(detail, retry_after_seconds=5)


def _may_see(generation: Generation, listener: Listener) -> bool:
    return generation.listener.id is None or generation.listener.id == listener.id
