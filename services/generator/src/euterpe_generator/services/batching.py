"""Work that is cheaper done for many at once.

Who comes while a batch is under way waits for the next one, so that a busy process pays for one transaction or call
where it would pay for dozens, and an idle one waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Gathers what is put while `work` is busy. An exception that `work` returns for an item is raised for it alone."""

    def __init__(
        self, work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]], *, name: str, most: int = 100
    ) -> None:
        self._work = work
        self._name = name
        self._most = most
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def put(self, item: T) -> R:
        """The outcome for this item. Raises what `work` raises."""
        outcome: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, outcome))
        if self._worker is None:
            self._worker = asyncio.create_task(self._run(), name=self._name)
        return await outcome

    async def _run(self) -> None:
        try:
            while self._waiting:
                # Whoever gave up meanwhile is not worked for.
                batch = [(item, outcome) for item, outcome in self._waiting[: self._most] if not outcome.done()]
                del self._waiting[: self._most]
                if batch:
                    await self._one(batch)
        finally:
            self._worker = None

    async def _one(self, batch: "list[tuple[T, asyncio.Future[R]]]") -> None:
        try:
            outcomes = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - every waiter is told, and decides
            outcomes = [error] * len(batch)
        for (_, waiting), outcome in zip(batch, outcomes, strict=True):
            if waiting.done():
                continue
            if isinstance(outcome, Exception):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)
