"""Lets a scale-down remove idle pods first: an idle worker lowers the deletion cost of its pod."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from euterpe_generator.domain.clock import Clock

log = structlog.get_logger(__name__)

#: Costs of a busy and of an idle pod. Pods without the annotation, such as new ones, count as 0.
BUSY_COST: Final = 0
IDLE_COST: Final = -1
#: A worker is idle after this long without a generation, so that gaps between pieces cause no requests to Kubernetes.
IDLE_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 60.0


class IdlenessReporter:
    """Writes the cost when the worker becomes idle or busy. Failures are logged and have no other effect."""

    def __init__(self, is_busy: Callable[[], bool], set_cost: Callable[[int], Awaitable[None]], clock: Clock) -> None:
        self._is_busy = is_busy
        self._set_cost = set_cost
        self._clock = clock
        self._idle_since: float | None = None
        self._written: int | None = None
        self._next_attempt = float("-inf")

    async def turn(self) -> None:
        """Write the cost if it has changed; called once a second."""
        now = self._clock.monotonic()
        if self._is_busy():
            self._idle_since, cost = None, BUSY_COST
        else:
            self._idle_since = now if self._idle_since is None else self._idle_since
            if now - self._idle_since < IDLE_SECONDS:
                return
            cost = IDLE_COST
        if cost == self._written or now < self._next_attempt:
            return
        try:
            await self._set_cost(cost)
        except Exception as error:  # noqa: BLE001 - whatever fails, pieces are composed
            self._next_attempt = now + _RETRY_SECONDS
            log.warning("pod_deletion_cost_not_set", cost=cost, error=repr(error))
        else:
            self._written = cost
