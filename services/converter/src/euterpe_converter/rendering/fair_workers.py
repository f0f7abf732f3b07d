"""Hands out the renderers: round robin between users and networks, so that no user's queue delays another's render."""

import asyncio
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

from euterpe_converter.domain.limits import WorkerLimits
from euterpe_converter.domain.requester import Requester, UserClass


@dataclass(slots=True)
class _Waiting:
    requester: Requester
    granted: asyncio.Future[None]


class FairWorkers:
    """A semaphore with a queue for each group of requesters (see `Requester.group`)."""

    def __init__(self, limits: WorkerLimits) -> None:
        self._limits = limits
        self._groups: OrderedDict[str, deque[_Waiting]] = OrderedDict()
        self._running: Counter[str] = Counter()
        self._unregistered = 0

    async def acquire(self, requester: Requester) -> None:
        """Wait for a renderer; `release` it afterwards."""
        waiting = _Waiting(requester, asyncio.get_running_loop().create_future())
        self._groups.setdefault(requester.group, deque()).append(waiting)
        self._grant()
        try:
            await waiting.granted
        except asyncio.CancelledError:
            if waiting.granted.done() and not waiting.granted.cancelled():
                self.release(requester)
            else:
                self._remove(waiting)
            raise

    def release(self, requester: Requester) -> None:
        """Give back a renderer."""
        self._running[requester.principal] -= 1
        if not self._running[requester.principal]:
            del self._running[requester.principal]
        self._unregistered -= requester.user_class is not UserClass.REGISTERED
        self._grant()

    def _grant(self) -> None:
        while self._running.total() < self._limits.workers and (waiting := self._next()) is not None:
            self._running[waiting.requester.principal] += 1
            self._unregistered += waiting.requester.user_class is not UserClass.REGISTERED
            waiting.granted.set_result(None)

    def _next(self) -> _Waiting | None:
        for group, queue in self._groups.items():
            for waiting in queue:
                # A cancelled one removes itself when its task runs.
                if not waiting.granted.done() and self._may_run(waiting.requester):
                    queue.remove(waiting)
                    self._groups.move_to_end(group)
                    if not queue:
                        del self._groups[group]
                    return waiting
        return None

    def _may_run(self, requester: Requester) -> bool:
        if self._running[requester.principal] >= self._limits.per_principal:
            return False
        return requester.user_class is UserClass.REGISTERED or self._unregistered < self._limits.unregistered

    def _remove(self, waiting: _Waiting) -> None:
        queue = self._groups[waiting.requester.group]
        queue.remove(waiting)
        if not queue:
            del self._groups[waiting.requester.group]
