"""One part of the product under supervision: started, looked at, and started again when it ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from euterpe_stack.process import ManagedProcess, ProcessFailedError

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 30.0
#: Who ran this long has recovered, and gets the short delay again.
_RECOVERED_AFTER = 60.0
#: A part that ends this often before it was ever ready is misconfigured, not unlucky.
_TRIES_AT_START = 3

Say = Callable[[str], None]


@dataclass(slots=True)
class Part:
    """A process and how to start it and to see that it is ready; `process` may be another one after each start."""

    name: str
    launch: Callable[[], None]
    answers: Callable[[], bool]
    process: Callable[[], ManagedProcess]
    #: Whether it was ready since it was started last.
    ready: bool = False
    _ever_ready: bool = False
    _ends: int = 0
    _delay: float = _FIRST_DELAY
    _started_at: float | None = None
    _restart_at: float | None = None

    @property
    def started(self) -> bool:
        """Whether it was ever started."""
        return self._started_at is not None

    def start(self) -> None:
        """Starts the process and returns at once."""
        self._restart_at, self.ready = None, False
        self.launch()
        self._started_at = time.monotonic()

    def look(self, say: Say) -> None:
        """Sees what became of the process: starts it again, after a pause that doubles, and tells when it is back.

        Raises ProcessFailedError when it cannot be started in the first place.
        """
        if self._restart_at is not None:
            if time.monotonic() >= self._restart_at:
                self.start()
        elif not self.process().running():
            self._ended(say)
        elif not self.ready and self.answers():
            self.ready = self._ever_ready = True
            if self._ends:
                say(f"{self.name} is ready again.")

    def stop(self, seconds: float) -> None:
        """Waits for the end that was asked for; kills it after the time."""
        if self.started:
            self.process().wait_stopped(seconds)

    def request_stop(self) -> None:
        """Asks the process to end and returns at once."""
        if self.started:
            self.process().request_stop()

    def _ended(self, say: Say) -> None:
        process = self.process()
        self._ends += 1
        if not self._ever_ready and self._ends >= _TRIES_AT_START:
            raise ProcessFailedError(f"{self.name} does not start; its log {process.log} ends:\n{process.log_tail()}")
        assert self._started_at is not None
        now = time.monotonic()
        delay = _FIRST_DELAY if now - self._started_at > _RECOVERED_AFTER else self._delay
        self._restart_at, self._delay = now + delay, min(2 * delay, _LONGEST_DELAY)
        say(
            f"{self.name} ended with status {process.exit_code()}; it is started again in {delay:.1f} s."
            f" Its log: {process.log}"
        )
