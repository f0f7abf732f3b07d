"""Keeps the bounds of the queue up to date; every worker does it once a second."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.storage.queue_bounds import QueueBoundsRepository, Turns

#: Age of the head that becomes the floor; longer than a transaction that enqueues.
_FLOOR_SECONDS: Final = 5.0
#: Every so many updates, the whole queue is read, for generations that were enqueued below the floor nevertheless: by
#: an earlier release during an upgrade, or by a transaction that lasted too long.
_FULL_EVERY: Final = 10


class QueueBounds:
    """Observes the head and moves the floor."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, Turns]] = deque()
        self._updates = 0

    async def update(self, session: AsyncSession) -> None:
        """Look at the queue once."""
        bounds = QueueBoundsRepository(session)
        heads = await bounds.heads()
        is_full = self._updates % _FULL_EVERY == 0
        self._updates += 1
        foreground, background = await bounds.smallest(everything=is_full)
        if floor := self._floor(heads):
            found = Turns(
                floor.foreground if foreground is None else foreground,
                floor.background if background is None else background,
            )
            await bounds.set_floors(floor.at_most(found))
        # While nothing is queued, the head rises, so that new generations are not stored among claimed ones.
        await bounds.set_heads(
            Turns(
                heads.foreground + 1 if foreground is None else max(foreground, heads.foreground),
                heads.background + 1 if background is None else max(background, heads.background),
            )
        )

    def _floor(self, heads: Turns) -> Turns | None:
        """Return the smallest head since `_FLOOR_SECONDS` ago; None before this worker has seen it for so long."""
        now = self._clock()
        self._seen.append((now, heads))
        if now - self._seen[0][0] < _FLOOR_SECONDS:
            return None
        while len(self._seen) > 1 and now - self._seen[1][0] >= _FLOOR_SECONDS:
            self._seen.popleft()
        floor = heads
        for _, seen in self._seen:
            floor = floor.at_most(seen)
        return floor
