"""What the processes that read strangers' files may do: no network, no more privileges, bounded resources."""

import contextlib
import ctypes
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNET, _CLONE_NEWUSER = 0x4000_0000, 0x1000_0000
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """Bytes of address space, seconds of processor time, bytes of the largest file that may be written."""

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int = 0


def leave_network() -> bool:
    """Moves the process into a network of its own, without any interface; False where the system does not allow it.

    Needs the privilege, or user namespaces for everybody.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def renounce() -> None:
    """Gives up gaining privileges, and dies with the parent."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt() -> None:
    """Makes the children of children that end this process's own, so that nothing is left of them."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def limit(limits: RenderLimits) -> None:
    """Lets the kernel hold the limits for this process and what it starts."""
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        highest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (highest, highest))


def close_all_but(kept: set[int]) -> None:
    """Closes what was inherited and is not needed."""
    for entry in list(Path("/proc/self/fd").iterdir()):
        if int(entry.name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(entry.name))
