"""How much may wait: what is refused at once can go elsewhere, what is accepted and then waits for minutes cannot."""

import math
import time
from collections.abc import Callable

from euterpe_generator.domain.generation import Waiting

_HALF_LIFE_SECONDS = 60.0
_LONGEST_RETRY_SECONDS = 60
#: For so long orders are refused because one before them was.
_SHUT_SECONDS = 0.02


class QueueLimit:
    """Bounds the queue by a number, and by the time that working it off would take.

    The time is judged by the best pace of late, for a deployment with little to do is not slow. Up to `always` pieces
    may wait whatever the pace, so that the first burst after a quiet hour is taken. Background orders do not mind the
    time.
    """

    def __init__(self, *, most: int, always: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._always = always
        self._seconds = seconds
        self._clock = clock
        self._pace = 0.0
        self._updated_at = clock()
        self._waiting = Waiting(0, 0)
        self._shut_until = -math.inf

    def update(self, waiting: Waiting, ended_per_second: float) -> None:
        """Tells what waits now in the whole deployment, and how fast pieces end in it."""
        now = self._clock()
        faded = self._pace * 0.5 ** ((now - self._updated_at) / _HALF_LIFE_SECONDS)
        self._updated_at = now
        self._pace = max(ended_per_second, faded)
        self._waiting = waiting

    def take(self, pieces: int, *, background: bool) -> bool:
        """Whether so many more may wait; if they may, they are counted."""
        waiting = self._waiting
        in_time = background or waiting.foreground + pieces <= max(self._pace * self._seconds, self._always)
        if not in_time or waiting.all + pieces > self._most:
            return False
        self._waiting = Waiting(waiting.foreground + pieces * (not background), waiting.all + pieces)
        return True

    def shut_briefly(self) -> None:
        """Tells that there is no room for a single piece."""
        self._shut_until = self._clock() + _SHUT_SECONDS

    @property
    def shut(self) -> bool:
        """Whether that was told a moment ago: whoever comes now need not be looked at."""
        return self._clock() < self._shut_until

    @property
    def retry_after_seconds(self) -> int:
        """When half of what waits may have been worked off."""
        if not self._pace:
            return _LONGEST_RETRY_SECONDS
        return min(max(math.ceil(self._waiting.foreground / self._pace / 2), 1), _LONGEST_RETRY_SECONDS)
