"""The wish to stop, from a signal to the next moment at which the supervisor can follow it.

The signal only leaves a note. An exception raised by a signal handler surfaces wherever the interpreter happens to be,
which may be a callback in which exceptions are printed and dropped; the supervisor would go on as if nothing had been
said.
"""

import time
from types import FrameType


class StopRequested(Exception):
    """Somebody asked the supervisor to stop."""


class StopRequest:
    """Whether the supervisor was asked to stop."""

    def __init__(self) -> None:
        self._asked = False

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Notes the wish; another signal changes nothing, as stopping is bounded in time."""
        self._asked = True

    def pause(self, seconds: float) -> None:
        """Sleeps. Raises StopRequested when a stop was asked for, before or meanwhile."""
        self.check()
        time.sleep(seconds)
        self.check()

    def check(self) -> None:
        """Raises StopRequested when a stop was asked for."""
        if self._asked:
            raise StopRequested
