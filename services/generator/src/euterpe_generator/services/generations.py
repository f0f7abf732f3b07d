"""What listeners do with generations: order one, look at it, follow it, cancel it, fetch its MIDI."""

import asyncio
import hashlib
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import astuple, dataclass

from euterpe_service_kit.database import Database

from euterpe_generator.domain.generation import MAX_SEED, Generation, Listener, Order
from euterpe_generator.errors import (
    GenerationNotFound,
    IdempotencyKeyReused,
    QueueFull,
    TooManyUnfinished,
)
from euterpe_generator.services.catalogue import Catalogue, check_in_range
from euterpe_generator.storage.changes import CANCELLATIONS, QUEUE, ChangeFeed
from euterpe_generator.storage.generations import Generations

#: How long a follower relies on notifications before it looks for itself.
_LOOK_SECONDS = 1.0
#: How often a busy generation's progress is told at most.
_PROGRESS_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """How much unfinished work is accepted."""

    queued: int
    per_listener: int
    anonymous: int


@dataclass(frozen=True, slots=True)
class Wish:
    """A request as it came: what is None is chosen by the service."""

    model: str | None
    seed: int | None
    length: int | None
    title: str | None

    @property
    def digest(self) -> str:
        """Tells two requests apart, for Idempotency-Key."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()


class GenerationService:
    """The use cases around generations."""

    def __init__(self, database: Database, changes: ChangeFeed, catalogue: Catalogue, limits: Limits) -> None:
        self._database = database
        self._changes = changes
        self._catalogue = catalogue
        self._limits = limits

    async def order(self, listener: Listener, wish: Wish, idempotency_key: str | None) -> Generation:
        """Accepts a piece. Once this returns, the piece will come about or its failure will be told.

        Raises InvalidParameters, QueueFull, TooManyUnfinished, IdempotencyKeyReused.
        """
        order = self._fix(wish)
        generation_id = uuid.uuid4()
        async with self._database.sessions.begin() as session:
            rows = Generations(session)
            if idempotency_key is not None:
                known = await rows.remember_key(listener.key, idempotency_key, wish.digest, generation_id)
                if known is not None:
                    return await self._recall(rows, known, wish.digest)
            await self._admit(rows, listener)
            generation = await rows.enqueue(generation_id, listener, order)
        self._changes.announce(QUEUE)
        return generation

    async def get(self, generation_id: uuid.UUID, listener: Listener) -> Generation:
        """A generation that the listener may see. An anonymous one's id is its only key."""
        async with self._database.sessions() as session:
            generation = await Generations(session).get(generation_id)
        if generation is None or not _may_see(generation, listener):
            raise GenerationNotFound
        return generation

    async def cancel(self, generation_id: uuid.UUID, listener: Listener) -> Generation:
        """Cancels what has not ended; what has stays as it is."""
        await self.get(generation_id, listener)
        async with self._database.sessions.begin() as session:
            await Generations(session).cancel(generation_id)
        self._changes.announce(CANCELLATIONS)
        self._changes.announce(str(generation_id))
        return await self.get(generation_id, listener)

    async def wait(self, generation: Generation, seconds: float) -> Generation:
        """Returns the generation once it has ended, or as it stands when the time is over."""
        deadline = time.monotonic() + seconds
        with self._changes.watch(str(generation.id)) as changed:
            while True:
                changed.clear()
                generation = await self.get(generation.id, generation.listener)
                left = deadline - time.monotonic()
                if generation.status.ended or left <= 0:
                    return generation
                await _set_or_timeout(changed, min(left, _LOOK_SECONDS))

    async def follow(self, generation: Generation, after: int) -> AsyncIterator[Generation]:
        """Yields the generation as it stands whenever it got further than `after`, until it has ended."""
        with self._changes.watch(str(generation.id)) as changed:
            while True:
                if generation.sequence > after:
                    after = generation.sequence
                    yield generation
                if generation.status.ended:
                    return
                await _set_or_timeout(changed, _LOOK_SECONDS)
                changed.clear()
                generation = await self.get(generation.id, generation.listener)
                if not generation.status.ended:
                    await asyncio.sleep(_PROGRESS_SECONDS)

    def _fix(self, wish: Wish) -> Order:
        model = self._catalogue.find(wish.model)
        return Order(
            model=model.name,
            model_version=model.version,
            seed=secrets.randbelow(MAX_SEED + 1) if wish.seed is None else wish.seed,
            length=check_in_range("body.length", wish.length, model.length),
            title=wish.title or model.title,
        )

    async def _admit(self, rows: Generations, listener: Listener) -> None:
        allowed = self._limits.anonymous if listener.id is None else self._limits.per_listener
        if await rows.count_unfinished(listener.key, at_most=allowed) >= allowed:
            detail = f"You have {allowed} unfinished generations, which is the limit. Wait for some of them."
            raise TooManyUnfinished(detail, retry_after_seconds=5)
        if await rows.count_queued(at_most=self._limits.queued) >= self._limits.queued:
            raise QueueFull("The queue is full. Try again shortly.", retry_after_seconds=10)

    async def _recall(self, rows: Generations, known: tuple[uuid.UUID, str], digest: str) -> Generation:
        generation_id, known_digest = known
        if known_digest != digest:
            raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
        generation = await rows.get(generation_id)
        if generation is None:
            raise GenerationNotFound
        return generation


def _may_see(generation: Generation, listener: Listener) -> bool:
    return generation.listener.id is None or generation.listener.id == listener.id


async def _set_or_timeout(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
