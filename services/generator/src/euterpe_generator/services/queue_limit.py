"""Limit of the queue: a request that is rejected at once can be sent elsewhere, one that waits for minutes cannot."""

import math
from collections.abc import Callable, Mapping

from euterpe_generator.domain.generation import UserClass
from euterpe_generator.domain.queue import QueueDepth

_HALF_LIFE_SECONDS = 60.0
_MAX_RETRY_SECONDS = 60
#: How long further requests are rejected after one did not fit.
_CLOSED_SECONDS = 0.02


class QueueLimit:
    """Limits the queue by its length and by the time that it would take to compose.

    The time is estimated from the best recent throughput, because a deployment with little to do is not slow. Up to
    `always_accepted` generations may wait regardless of the throughput, so that the first burst after an idle period is
    accepted. Background generations are limited by `max_queued` only.

    Each class of users has a guaranteed share: its generations are accepted up to that part of the limit, however many
    those of other classes wait. So the queue can exceed the limit by the shares of the other classes.
    """

    def __init__(
        self,
        *,
        max_queued: int,
        always_accepted: int,
        max_wait_seconds: float,
        shares: Mapping[UserClass, float],
        clock: Callable[[], float],
    ) -> None:
        self._shares = shares
        self._max_queued = max_queued
        self._always_accepted = always_accepted
        self._max_wait_seconds = max_wait_seconds
        self._clock = clock
        self._throughput = 0.0
        self._updated_at = clock()
        self._depth = QueueDepth()
        #: Number of updates so far: what was counted before the last one is no longer part of the depth.
        self.updates = 0
        self._closed_until: dict[UserClass, float] = {}

    def update(self, depth: QueueDepth, ended_per_second: float) -> None:
        """Set the queue's depth and the throughput of the whole deployment."""
        now = self._clock()
        decayed = self._throughput * 0.5 ** ((now - self._updated_at) / _HALF_LIFE_SECONDS)
        self._updated_at = now
        self._throughput = max(ended_per_second, decayed)
        self._depth = depth
        self.updates += 1

    def try_add(self, count: int, user_class: UserClass, *, background: bool) -> bool:
        """Return whether `count` more generations of a class may wait; if so, they are counted."""
        depth = self._depth
        max_foreground = max(self._throughput * self._max_wait_seconds, self._always_accepted)
        in_time = background or self._fits(depth.foreground, count, user_class, max_foreground)
        if not in_time or not self._fits(depth.all, count, user_class, self._max_queued):
            return False
        self._depth = depth.added(count, user_class, background=background)
        return True

    def give_back(self, count: int, user_class: UserClass, *, background: bool, counted_at: int) -> None:
        """Take back what `try_add` counted when `updates` was `counted_at`, because the order was refused later."""
        if counted_at == self.updates:
            self._depth = self._depth.added(-count, user_class, background=background)

    def _fits(self, queued: Mapping[UserClass, int], count: int, user_class: UserClass, limit: float) -> bool:
        if sum(queued.values()) + count <= limit:
            return True
        return queued.get(user_class, 0) + count <= int(limit * self._shares.get(user_class, 0.0))

    def close_briefly(self, user_class: UserClass) -> None:
        """Record that a single generation of a class did not fit."""
        self._closed_until[user_class] = self._clock() + _CLOSED_SECONDS

    def is_closed(self, *user_classes: UserClass) -> bool:
        """Whether a generation of each class did not fit a moment ago: requests can be rejected without a look."""
        now = self._clock()
        return all(now < self._closed_until.get(user_class, -math.inf) for user_class in user_classes)

    @property
    def retry_after_seconds(self) -> int:
        """Estimated time until half of the queue is composed."""
        if not self._throughput:
            return _MAX_RETRY_SECONDS
        foreground = sum(self._depth.foreground.values())
        return min(max(math.ceil(foreground / self._throughput / 2), 1), _MAX_RETRY_SECONDS)
