"""Child processes with resource limits and captured errors, which end with the code that started them."""

import asyncio
import contextlib
import os
import resource
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

#: The environment of every child, without the service's secrets. SDL's dummy driver keeps FluidSynth from looking for
#: sound cards, which would start PulseAudio's client: a directory in /tmp, 64 MB of shared memory, and up to 0.1 s.
#: OpenBLAS and OpenMP must not start threads, because forking with threads is unsafe. Temporary files are in memory.
#: Huge pages make a fork with a SoundFont of 148 MB take 2 ms instead of 6 ms, and sample lookups faster.
CHILD_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C",
    "SDL_AUDIODRIVER": "dummy",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "TMPDIR": "/dev/shm",  # noqa: S108 - pydub creates unguessable names
}

#: Bytes per read from a pipe.
CHUNK_BYTES = 256 * 1024
_STDERR_TAIL_LINES = 8
_LINE_BYTES = 300


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Resource limits: bytes of address space, seconds of processor time, bytes of the largest file."""

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int


class Child:
    """A running child process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._lines: deque[str] = deque(maxlen=_STDERR_TAIL_LINES)
        self._stderr_task = asyncio.create_task(self._read_stderr())

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """Standard input; only if it was started with a pipe."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> asyncio.StreamReader:
        """Standard output; only if it was started with a pipe."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def alive(self) -> bool:
        """Whether it is running, as far as is known."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end, and return the exit status, negative for a signal.

        Its standard output must have been read to the end, and its input closed.
        """
        status = await self._process.wait()
        await self._stderr_task
        return status

    @property
    def stderr_tail(self) -> str:
        """The last lines that it wrote to standard error."""
        return "\n".join(self._lines)

    async def kill(self) -> None:
        """Kill it if it is running, and wait until no zombie and no open pipe is left."""
        if self._process.returncode is None:
            # It leads its own session, and so its own process group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.wait_closed()
        # asyncio also waits for open pipes, so buffered output of a dead process must be read first.
        while self._process.stdout is not None and await self._process.stdout.read(CHUNK_BYTES):
            pass
        await self.wait()

    async def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        rest = b""
        while chunk := await self._process.stderr.read(4096):
            *lines, rest = (rest + chunk).split(b"\n")
            self._lines.extend(line[:_LINE_BYTES].decode("utf-8", "replace") for line in lines)
            rest = rest[:_LINE_BYTES]
        if rest:
            self._lines.append(rest.decode("utf-8", "replace"))


@asynccontextmanager
async def running(
    command: Sequence[str],
    limits: ChildLimits,
    *,
    feed: bool = False,
    collect: bool = False,
    pass_fds: Sequence[int] = (),
) -> AsyncGenerator[Child, None]:
    """Run a command within the context, with a pipe to it (`feed`) or from it (`collect`).

    The child has ended when the context ends. Raises OSError when it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE if feed else DEVNULL,
        stdout=PIPE if collect else DEVNULL,
        stderr=PIPE,
        limit=CHUNK_BYTES,
        env=CHILD_ENVIRONMENT,
        # Ctrl-C in a terminal must reach the service only, which lets renders finish.
        start_new_session=True,
        pass_fds=tuple(pass_fds),
    )
    child = Child(process)
    try:
        _set_limits(process.pid, limits)
        yield child
    finally:
        await kill_child(child)


async def kill_child(child: Child) -> None:
    """Kill a child. Shielded: a second cancellation must not leave it running."""
    await asyncio.shield(asyncio.create_task(child.kill()))


def _set_limits(pid: int, limits: ChildLimits) -> None:
    # Set from outside: code between fork and exec is unsafe with threads, and would prevent the fast posix_spawn.
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CORE: 0,
    }
    # A process that has ended needs no limits.
    with contextlib.suppress(ProcessLookupError):
        for kind, value in wanted.items():
            resource.prlimit(pid, kind, (value, value))
