"""A stop request by a signal, which takes effect at the supervisor's next pause.

The signal handler only sets a flag. An exception raised by a handler occurs anywhere in the program, possibly in a
callback that prints and ignores exceptions, and the supervisor would not stop.
"""

import time
from types import FrameType


class StopRequested(Exception):
    """A stop was requested."""


class StopRequest:
    """A flag that a signal sets."""

    def __init__(self) -> None:
        self._is_requested = False

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Set the flag. Further signals have no effect, as stopping has a time limit."""
        self._is_requested = True

    def pause(self, seconds: float) -> None:
        """Sleep. Raises StopRequested if a stop was requested before or meanwhile."""
        self.check()
        time.sleep(seconds)
        self.check()

    def check(self) -> None:
        """Raise StopRequested if a stop was requested."""
        if self._is_requested:
            raise StopRequested
