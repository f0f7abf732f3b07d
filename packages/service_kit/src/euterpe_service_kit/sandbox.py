"""Restrictions of the processes that read untrusted files: no network, no writes, no privileges, bounded resources."""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNET, _CLONE_NEWUSER = 0x4000_0000, 0x1000_0000
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38

#: linux/seccomp.h, linux/bpf_common.h; the numbers of AUDIT_ARCH and of the system call `socket`, by machine.
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_OR_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF_0000, 0x0005_0000
_SYSCALLS = {"x86_64": (0xC000_003E, 41), "aarch64": (0xC000_00B7, 198)}
_IO_URING_SETUP = 425
#: linux/landlock.h: system calls, and the rights of its first version to write, remove and create files.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_RULE_PATH_BENEATH = 1
_WRITE_FILE = 1 << 1
_WRITING = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))


class _Instruction(ctypes.Structure):
    """struct sock_filter."""

    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


class _PathBeneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Maximum bytes of address space, seconds of processor time, and bytes of the largest written file."""

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int = 0


def isolate_network() -> bool:
    """Move the process into a network namespace without interfaces; False where the system does not allow it.

    Needs the privilege to do so, or unprivileged user namespaces.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def deny_sockets() -> bool:
    """Have the kernel refuse new sockets of this process and its children; False where it cannot.

    Needs no privilege, but no_new_privs (`drop_privileges`), so it works in containers that allow no namespaces.
    """
    known = _SYSCALLS.get(platform.machine())
    if known is None:
        return False
    architecture, socket_number = known
    # Offsets of the architecture and the number of the system call in struct seccomp_data (linux/seccomp.h).
    program = (
        _Instruction(_LOAD, 0, 0, 4),
        _Instruction(_JUMP_EQUAL, 0, 5, architecture),
        _Instruction(_LOAD, 0, 0, 0),
        # System calls of the x32 interface have other numbers.
        _Instruction(_JUMP_GREATER_OR_EQUAL, 3, 0, 0x4000_0000),
        _Instruction(_JUMP_EQUAL, 2, 0, socket_number),
        # Sockets can also be created by requests in an io_uring.
        _Instruction(_JUMP_EQUAL, 1, 0, _IO_URING_SETUP),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _ERRNO | errno.EPERM),
    )
    instructions = (_Instruction * len(program))(*program)
    filter_ = _Program(len(program), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0) == 0)


def restrict_writes(directories: Sequence[Path], files: Sequence[Path]) -> bool:
    """Restrict writing to these directories and existing files, with Landlock; False where the kernel has none.

    Descriptors that are already open are not restricted. Needs no_new_privs (`drop_privileges`).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    handled = ctypes.c_uint64(_WRITING)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(handled), ctypes.sizeof(handled), 0)
    if ruleset < 0:
        return False
    try:
        for path, rights in [(path, _WRITING) for path in directories] + [(path, _WRITE_FILE) for path in files]:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = _PathBeneath(rights, descriptor)
                kind = _LANDLOCK_RULE_PATH_BENEATH
                if libc.syscall(_LANDLOCK_ADD_RULE, ruleset, kind, ctypes.byref(rule), 0) != 0:
                    return False
            finally:
                os.close(descriptor)
        return bool(libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def drop_privileges() -> None:
    """Disable gaining privileges, and have the kernel kill the process when its parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def set_child_subreaper() -> None:
    """Adopt orphaned descendants, so that this process reaps them."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def set_limits(limits: ProcessLimits) -> None:
    """Set the resource limits of this process and its children."""
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
    """Close all inherited file descriptors except `kept`."""
    for entry in list(Path("/proc/self/fd").iterdir()):
        if int(entry.name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(entry.name))
