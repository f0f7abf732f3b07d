"""A process under supervision: it is restarted when it ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from euterpe_stack.process import ManagedProcess, ProcessFailedError

_FIRST_DELAY = 0.2
_MAX_DELAY = 30.0
#: After running this long, a process is restarted with the first delay again.
_RECOVERED_AFTER = 60.0
#: A process that ends this often before it was ever ready is misconfigured.
_MAX_FIRST_ATTEMPTS = 3

Report = Callable[[str], None]


@dataclass(slots=True)
class SupervisedProcess:
    """A process, how to start it, and how to check that it is ready; `process` can differ after each start."""

    name: str
    launch: Callable[[], None]
    is_ready: Callable[[], bool]
    process: Callable[[], ManagedProcess]
    #: Whether it has been ready since its last start.
    ready: bool = False
    _ever_ready: bool = False
    _ends: int = 0
    _delay: float = _FIRST_DELAY
    _started_at: float | None = None
    _restart_at: float | None = None

    @property
    def started(self) -> bool:
        """Whether it has been started."""
        return self._started_at is not None

    def start(self) -> None:
        """Start the process without waiting."""
        self._restart_at, self.ready = None, False
        self.launch()
        self._started_at = time.monotonic()

    def check(self, report: Report) -> None:
        """Restart an ended process, after a delay that doubles, and report when it is ready again.

        Raises ProcessFailedError if the process ends repeatedly before it was ever ready.
        """
        if self._restart_at is not None:
            if time.monotonic() >= self._restart_at:
                self.start()
        elif not self.process().is_running():
            self._schedule_restart(report)
        elif not self.ready and self.is_ready():
            self.ready = self._ever_ready = True
            if self._ends:
                report(f"{self.name} is ready again.")

    def stop(self, seconds: float) -> None:
        """Wait for the end after `request_stop`; kill the process after `seconds`."""
        if self.started:
            self.process().wait_stopped(seconds)

    def request_stop(self) -> None:
        """Send the stop signal without waiting."""
        if self.started:
            self.process().request_stop()

    def _schedule_restart(self, report: Report) -> None:
        process = self.process()
        self._ends += 1
        if not self._ever_ready and self._ends >= _MAX_FIRST_ATTEMPTS:
            raise ProcessFailedError(f"{self.name} does not start. Its log {process.log} ends:\n{process.log_tail()}")
        assert self._started_at is not None
        now = time.monotonic()
        delay = _FIRST_DELAY if now - self._started_at > _RECOVERED_AFTER else self._delay
        self._restart_at, self._delay = now + delay, min(2 * delay, _MAX_DELAY)
        report(f"{self.name} ended with status {process.exit_code()}; it restarts in {delay:.1f} s. Log: {process.log}")
