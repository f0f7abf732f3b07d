"""The directory of one installation: who uses it, and where things lie in it."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from euterpe_stack.settings import StackError

_LARGE_LOG_BYTES = 10_000_000


class DataDirectory:
    """`EUTERPE_DATA`, held by at most one supervisor at a time.

    There are two locks. The supervisor's own tells a second one at once that it is too many. The other one is
    inherited by all child processes, so that it is free only when the last of them has ended: after a supervisor was
    killed its children end by themselves, and the next start must not overtake them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._own: int | None = None
        self._shared: int | None = None

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.path / "logs"

    @property
    def children_lock(self) -> int:
        """The open file that child processes inherit."""
        if self._shared is None:
            raise StackError("The data directory was not acquired.")
        return self._shared

    def acquire(self, pause: Callable[[float], None] = time.sleep, *, seconds: float = 30) -> None:
        """Raises StackError when another supervisor runs here, or its children do not end within the time.

        `pause` is called while they are waited for, and may raise to end the waiting.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StackError(f"EUTERPE_DATA cannot be {self.path}: {error.strerror}.") from error
        self._own = _open(self.path / "supervisor.lock")
        if not _try_lock(self._own):
            raise StackError(
                f"Euterpe runs in {self.path} already; stop it, or choose another directory with EUTERPE_DATA."
            )
        self._shared = _open(self.path / "children.lock")
        deadline = time.monotonic() + seconds
        while not _try_lock(self._shared):
            if time.monotonic() > deadline:
                raise StackError(
                    f"Processes of an earlier run in {self.path} do not end; see `fuser {self.path}/*.lock`."
                )
            pause(0.05)

    def release(self) -> None:
        """Gives the directory free."""
        for lock in (self._shared, self._own):
            if lock is not None:
                os.close(lock)
        self._own = self._shared = None

    def log(self, name: str) -> Path:
        """The log of a process; a large one of earlier runs is set aside first."""
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
