"""How fast pieces end here, for estimates of the wait."""

import time
from collections import deque
from collections.abc import Callable

_WINDOW_SECONDS = 10.0


class Pace:
    """Pieces ended in a second, over the last ten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._ends: deque[float] = deque()

    def count(self) -> None:
        """A piece has ended."""
        self._ends.append(self._clock())

    def per_second(self) -> float:
        """The pace; 0 when nothing ended lately."""
        now = self._clock()
        while self._ends and self._ends[0] < now - _WINDOW_SECONDS:
            self._ends.popleft()
        return len(self._ends) / max(min(_WINDOW_SECONDS, now - self._began), 1.0)
