"""Child processes that log to a file, stop on a signal, and end with their parent."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class ProcessFailedError(RuntimeError):
    """A process ended or did not become ready; the message contains the end of its log."""


class ManagedProcess:
    """One child process.

    Start it from the main thread: Linux sends the parent-death signal when the thread that created the child ends.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        inherited: Sequence[int] = (),
    ) -> None:
        """`env` replaces the environment; `inherited` are file descriptors that the process keeps open."""
        self.name = name
        self.log = log
        self._inherited = tuple(inherited)
        self._command = list(command)
        self._env = env
        self._cwd = cwd
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id. Raises ProcessFailedError before the first start."""
        if self._process is None:
            raise ProcessFailedError(f"{self.name} was not started")
        return self._process.pid

    def start(self) -> None:
        """Start the process in its own session, so that a terminal's Ctrl-C reaches only the supervisor."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if self._env is None else dict(self._env),
                cwd=self._cwd,
                start_new_session=True,
                pass_fds=self._inherited,
                preexec_fn=_die_with_parent(self._stop_signal) if sys.platform == "linux" else None,
            )

    def is_running(self) -> bool:
        """Return whether the process is running."""
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        """Return the exit status; None while the process runs and before its start."""
        return None if self._process is None else self._process.poll()

    def request_stop(self) -> None:
        """Send the stop signal without waiting."""
        if self.is_running():
            assert self._process is not None
            self._process.send_signal(self._stop_signal)

    def kill(self) -> None:
        """Kill the process."""
        if self.is_running():
            assert self._process is not None
            self._process.kill()
            self._process.wait()

    def wait_stopped(self, seconds: float) -> None:
        """Wait for the end after `request_stop`; kill the process after `seconds`."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait for `ready`. Raises ProcessFailedError if the process ends, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.is_running():
                raise ProcessFailedError(f"{self.name} ended with status {self.exit_code()}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ProcessFailedError(f"{self.name} was not ready after {seconds:.0f} s:\n{self.log_tail()}")
            time.sleep(0.02)

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def set_death_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:
            os._exit(1)

    return set_death_signal
