"""Limit of the queue: a request that is rejected at once can be sent elsewhere, one that waits for minutes cannot."""

import math
from collections.abc import Callable

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
    """

    def __init__(
        self, *, max_queued: int, always_accepted: int, max_wait_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._max_queued = max_queued
        self._always_accepted = always_accepted
        self._max_wait_seconds = max_wait_seconds
        self._clock = clock
        self._throughput = 0.0
        self._updated_at = clock()
        self._depth = QueueDepth(0, 0)
        self._closed_until = -math.inf

    def update(self, depth: QueueDepth, ended_per_second: float) -> None:
        """Set the queue's depth and the throughput of the whole deployment."""
        now = self._clock()
        decayed = self._throughput * 0.5 ** ((now - self._updated_at) / _HALF_LIFE_SECONDS)
        self._updated_at = now
        self._throughput = max(ended_per_second, decayed)
        self._depth = depth

    def try_add(self, count: int, *, background: bool) -> bool:
        """Return whether `count` more generations may wait; if so, they are counted."""
        depth = self._depth
        max_foreground = max(self._throughput * self._max_wait_seconds, self._always_accepted)
        in_time = background or depth.foreground + count <= max_foreground
        if not in_time or depth.all + count > self._max_queued:
            return False
        self._depth = QueueDepth(depth.foreground + count * (not background), depth.all + count)
        return True

    def close_briefly(self) -> None:
        """Record that a single generation did not fit."""
        self._closed_until = self._clock() + _CLOSED_SECONDS

    @property
    def is_closed(self) -> bool:
        """Whether a generation did not fit a moment ago, so that requests can be rejected without a look at them."""
        return self._clock() < self._closed_until

    @property
    def retry_after_seconds(self) -> int:
        """Estimated time until half of the queue is composed."""
        if not self._throughput:
            return _MAX_RETRY_SECONDS
        return min(max(math.ceil(self._depth.foreground / self._throughput / 2), 1), _MAX_RETRY_SECONDS)
