"""Child processes that have limits, tell what went wrong, and never outlive the code that started them."""

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

#: The environment of every child: what they need, and none of the service's secrets. FluidSynth looks for sound cards
#: through SDL even when it plays none, which wakes PulseAudio's client: a directory in /tmp that stays, 64 MB of shared
#: memory, and a tenth of a second now and then. SDL's dummy driver spares all that. OpenBLAS and OpenMP would start
#: threads, beside which forking is unsafe. Temporary files, of the one format that needs them, are in memory.
#: Huge pages make a fork beside a SoundFont of 148 MB take 2 ms instead of 6, and its samples quicker to find.
CHILD_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C",
    "SDL_AUDIODRIVER": "dummy",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "TMPDIR": "/dev/shm",  # noqa: S108 - pydub makes unguessable names of its own
}

#: Bytes that are read from a pipe at once.
CHUNK_BYTES = 256 * 1024
_COMPLAINT_LINES = 8
_LINE_BYTES = 300


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What the kernel allows a child: bytes of address space, seconds of processor time, bytes of the largest file."""

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int


class Child:
    """A running child process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._lines: deque[str] = deque(maxlen=_COMPLAINT_LINES)
        self._listening = asyncio.create_task(self._listen())

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """Its standard input, when it was started with one."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> asyncio.StreamReader:
        """Its standard output, when it was started with one."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def alive(self) -> bool:
        """Whether it still runs, as far as is known."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ended(self) -> int:
        """Waits for its end; returns the exit status, negative for a signal.

        Its standard output must have been read to the end, and its input closed.
        """
        status = await self._process.wait()
        await self._listening
        return status

    @property
    def complaint(self) -> str:
        """The last lines that it wrote to standard error."""
        return "\n".join(self._lines)

    async def end(self) -> None:
        """Kills it if it still runs, and waits until nothing is left of it: no zombie, no open pipe."""
        if self._process.returncode is None:
            # Its own session, so its own group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.wait_closed()
        # asyncio waits for open pipes too, so what a dead process has left in one must be read first.
        while self._process.stdout is not None and await self._process.stdout.read(CHUNK_BYTES):
            pass
        await self.ended()

    async def _listen(self) -> None:
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
    """Runs a command within the context, with a pipe to it (`feed`) or from it (`collect`).

    However the context ends, the child has ended then. Raises OSError when it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE if feed else DEVNULL,
        stdout=PIPE if collect else DEVNULL,
        stderr=PIPE,
        limit=CHUNK_BYTES,
        env=CHILD_ENVIRONMENT,
        # Ctrl-C in a terminal is for the service, which lets renders finish.
        start_new_session=True,
        pass_fds=tuple(pass_fds),
    )
    child = Child(process)
    try:
        _limit(process.pid, limits)
        yield child
    finally:
        await end_child(child)


async def end_child(child: Child) -> None:
    """Ends a child; a second cancellation must not leave it behind."""
    await asyncio.shield(asyncio.create_task(child.end()))


def _limit(pid: int, limits: ChildLimits) -> None:
    # From outside, because code between fork and exec is unsafe beside threads, and rules out the quick posix_spawn.
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CORE: 0,
    }
    # One that has ended already needs no limit.
    with contextlib.suppress(ProcessLookupError):
        for kind, value in wanted.items():
            resource.prlimit(pid, kind, (value, value))
