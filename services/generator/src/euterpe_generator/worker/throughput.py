"""Throughput of this worker, for estimates of waiting times."""

import time
from collections import deque
from collections.abc import Callable

_WINDOW_SECONDS = 10.0


class ThroughputMeter:
    """Generations ended per second, over the last ten seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started_at = clock()
        self._ended_at: deque[float] = deque()

    def record(self) -> None:
        """Count a generation that has ended."""
        self._ended_at.append(self._clock())

    def per_second(self) -> float:
        """Return the throughput; 0 if nothing ended recently."""
        now = self._clock()
        while self._ended_at and self._ended_at[0] < now - _WINDOW_SECONDS:
            self._ended_at.popleft()
        return len(self._ended_at) / max(min(_WINDOW_SECONDS, now - self._started_at), 1.0)
