"""Child processes that log to a file, end when asked, and do not outlive their parent."""

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
    """A process ended, or did not get ready, when it should have; the message holds the end of its log."""


class ManagedProcess:
    """One child process.

    Start it from the main thread: Linux ties the signal that a child gets on its parent's death to the thread
    that made the child.
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
        """`env` replaces the environment, and `inherited` are open files that the process keeps while it lives."""
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
        """The process id; raises when it was never started."""
        if self._process is None:
            raise ProcessFailedError(f"{self.name} was not started")
        return self._process.pid

    def start(self) -> None:
        """Starts the process, in its own group so that a terminal's Ctrl-C reaches only the supervisor."""
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

    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        """The exit status; None while it runs or when it was never started."""
        return None if self._process is None else self._process.poll()

    def request_stop(self) -> None:
        """Sends the stop signal and returns at once."""
        if self.running():
            assert self._process is not None
            self._process.send_signal(self._stop_signal)

    def kill(self) -> None:
        """Ends the process as a crash would."""
        if self.running():
            assert self._process is not None
            self._process.kill()
            self._process.wait()

    def wait_stopped(self, seconds: float) -> None:
        """Waits for the end after `request_stop`; kills what is left after the time."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Polls `ready`; raises ProcessFailedError when the process ends or the time is over first."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running():
                raise ProcessFailedError(f"{self.name} ended with status {self.exit_code()}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ProcessFailedError(f"{self.name} was not ready after {seconds:.0f} s:\n{self.log_tail()}")
            time.sleep(0.02)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of the log."""
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
