"""The data directory of one installation: its locks and its logs."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from euterpe_stack.errors import StackError

_LARGE_LOG_BYTES = 10_000_000


class DataDirectory:
    """`EUTERPE_DATA`, used by at most one supervisor at a time.

    There are two locks. The supervisor's own lock refuses a second supervisor. The other lock is inherited by all child
    processes, so it is free only after the last of them ended: the children of a killed supervisor end by themselves,
    and the next supervisor must wait for them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._own: int | None = None
        self._shared: int | None = None

    @property
    def logs(self) -> Path:
        """The directory of the logs, one file per process."""
        return self.path / "logs"

    @property
    def addresses(self) -> Path:
        """The file with the services' addresses of the current run."""
        return self.path / "services.json"

    @property
    def children_lock(self) -> int:
        """The file descriptor that child processes inherit."""
        if self._shared is None:
            raise StackError("The data directory was not acquired.")
        return self._shared

    def acquire(self, pause: Callable[[float], None] = time.sleep, *, seconds: float = 30) -> None:
        """Lock the directory.

        Raises StackError if another supervisor uses it, or if processes of an earlier one do not end within `seconds`.
        `pause` is called while waiting, and can raise to stop waiting.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StackError(f"EUTERPE_DATA is {self.path}, which cannot be created: {error.strerror}.") from error
        self._own = _open(self.path / "supervisor.lock")
        if not _try_lock(self._own):
            raise StackError(
                f"Euterpe is already running in {self.path}; stop it, or set EUTERPE_DATA to another directory."
            )
        self._shared = _open(self.path / "children.lock")
        deadline = time.monotonic() + seconds
        while not _try_lock(self._shared):
            if time.monotonic() > deadline:
                raise StackError(
                    f"Processes of an earlier run in {self.path} do not end; list them with `fuser {self.path}/*.lock`."
                )
            pause(0.05)

    def release(self) -> None:
        """Unlock the directory."""
        for lock in (self._shared, self._own):
            if lock is not None:
                os.close(lock)
        self._own = self._shared = None

    def log(self, name: str) -> Path:
        """Return the path of a process's log, after renaming a large log of earlier runs."""
        log = self.logs / f"{name}.log"
        if log.exists() and log.stat().st_size > _LARGE_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
