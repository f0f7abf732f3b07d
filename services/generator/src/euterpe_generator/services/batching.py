"""Batching of concurrent calls, for work that is cheaper for many items at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog
from euterpe_service_kit.outages import is_outage

log = structlog.get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Collects items while `work` is busy with earlier ones, and passes them to it together.

    An idle batcher starts at once, so a single item is not delayed. If `work` returns an exception for an item, it is
    raised to the caller of that item only. If `work` raises, the batch is split until each error reaches only the items
    that cause it, except during an outage, which affects all of them.
    """

    def __init__(
        self, work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]], *, name: str, max_items: int = 100
    ) -> None:
        self._work = work
        self._name = name
        self._max_items = max_items
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, item: T) -> R:
        """Return the outcome for this item. Raises what `work` raises or returns for it."""
        outcome: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, outcome))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self._name)
        return await outcome

    async def _run(self) -> None:
        try:
            while self._waiting:
                # Items whose caller was cancelled meanwhile are skipped.
                batch = [(item, outcome) for item, outcome in self._waiting[: self._max_items] if not outcome.done()]
                del self._waiting[: self._max_items]
                if batch:
                    await self._run_batch(batch)
        finally:
            self._task = None

    async def _run_batch(self, batch: "list[tuple[T, asyncio.Future[R]]]") -> None:
        try:
            outcomes = await self._work([item for item, _ in batch])
            if len(outcomes) != len(batch):
                raise RuntimeError(f"{self._name} returned {len(outcomes)} outcomes for {len(batch)} items")
        except Exception as error:  # noqa: BLE001 - it is raised to the callers
            if len(batch) > 1 and not is_outage(error):
                log.warning("batch_split", batch=self._name, items=len(batch), error=repr(error))
                await self._run_batch(batch[: len(batch) // 2])
                await self._run_batch(batch[len(batch) // 2 :])
                return
            outcomes = [error] * len(batch)
        for (_, waiting), outcome in zip(batch, outcomes, strict=True):
            if waiting.done():
                continue
            if isinstance(outcome, Exception):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)
