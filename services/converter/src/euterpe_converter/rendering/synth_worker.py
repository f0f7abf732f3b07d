"""The service's handle on a `synth_process`: starts it, sends it jobs, and reads their output."""

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog
from euterpe_service_kit.sandbox import ProcessLimits

from euterpe_converter.errors import RenderFailed, SandboxMissing, SoundFontMissing, ToolMissing
from euterpe_converter.rendering.child import CHILD_ENVIRONMENT, Child, kill_child
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.synth_protocol import PACKET_BYTES, SYNTHESIS_FAILED

log = structlog.get_logger(__name__)

_START_SECONDS = 60.0
#: Bytes buffered in the pipe between a render and the service: ten seconds of WAV.
_PIPE_BYTES = 1024 * 1024
CHUNK_BYTES = 256 * 1024
_WORKER_GONE = "the synthesiser process has ended"


@dataclass(frozen=True, slots=True)
class SynthWorkerOptions:
    """The programs and libraries that a worker uses, and the limits of one render."""

    fluidsynth: str
    ffmpeg: str
    memory_bytes: int
    cpu_seconds: int
    #: Whether a render must not be able to reach the network.
    require_sandbox: bool = True


@dataclass(frozen=True, slots=True)
class _Exit:
    status: int
    message: str


class SynthWorker:
    """A process with a SoundFont in memory, ready to render. Created by `SynthWorker.start`."""

    def __init__(self, child: Child, control: socket.socket, versions: str, options: SynthWorkerOptions) -> None:
        self.versions = versions
        self._child, self._control, self._options = child, control, options
        self._ids = iter(range(1, sys.maxsize))
        self._exits: dict[int, asyncio.Future[_Exit]] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(control.fileno(), self._receive)
        self.alive = True

    @classmethod
    async def start(cls, soundfont: Path, options: SynthWorkerOptions) -> "SynthWorker":
        """Start the process and wait until the SoundFont is loaded.

        Raises ToolMissing, SoundFontMissing, SandboxMissing, RenderFailed.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        arguments = {
            "soundfont": str(soundfont),
            "fluidsynth": options.fluidsynth,
            "ffmpeg": options.ffmpeg,
            "require_sandbox": options.require_sandbox,
        }
        module = "euterpe_converter.rendering.synth_process"
        async with AsyncExitStack() as undo:
            undo.callback(ours.close)
            with contextlib.closing(theirs):
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", module, str(theirs.fileno()), json.dumps(arguments)),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    env=CHILD_ENVIRONMENT,
                    start_new_session=True,
                    pass_fds=[theirs.fileno()],
                )
            child = Child(process)
            undo.push_async_callback(kill_child, child)
            try:
                async with asyncio.timeout(_START_SECONDS):
                    data = await asyncio.get_running_loop().sock_recv(ours, PACKET_BYTES)
            except TimeoutError:
                data = b""
            worker = cls(child, ours, _read_start_message(data, soundfont, child), options)
            undo.pop_all()
        return worker

    async def close(self) -> None:
        """Stop the process and all its renders."""
        self._mark_dead()
        await kill_child(self._child)

    @asynccontextmanager
    async def render(self, job: RenderJob) -> AsyncGenerator[tuple[int, AsyncIterator[bytes]], None]:
        """Provide the number of frames, and the body as it is rendered. When the context ends, so does the render.

        Raises RenderFailed, also from the iterator.
        """
        if not self.alive:
            raise RenderFailed("synthesiser", _WORKER_GONE)
        render_id = next(self._ids)
        exit_future: asyncio.Future[_Exit] = self._loop.create_future()
        self._exits[render_id] = exit_future
        with _pipe() as (reading, writing):
            try:
                with _memory_file(job.midi) as midi:
                    self._submit(render_id, job, midi, writing.release())
                reader, transport = await _connect(self._loop, reading.release())
                try:
                    header = await reader.readline()
                    if not header.endswith(b"\n"):
                        await self._check(exit_future)
                        raise RenderFailed("synthesiser", "the render wrote no header")
                    yield json.loads(header)["frames"], self._body(reader, exit_future)
                finally:
                    transport.close()
            finally:
                # Shielded: a second cancellation must not leave the render running.
                await asyncio.shield(self._kill(render_id, exit_future))

    async def _body(self, reader: asyncio.StreamReader, exit_future: "asyncio.Future[_Exit]") -> AsyncIterator[bytes]:
        while chunk := await reader.read(CHUNK_BYTES):
            yield chunk
        await self._check(exit_future)

    async def _check(self, exit_future: "asyncio.Future[_Exit]") -> None:
        end = await asyncio.shield(exit_future)
        if end.status != 0:
            component = "synthesiser" if end.status == SYNTHESIS_FAILED or end.status < 0 else "encoder"
            cause = f"exit status {end.status}\n{end.message}\n{self._child.stderr_tail}".strip()
            raise RenderFailed(component, cause)

    def _submit(self, render_id: int, job: RenderJob, midi: int, writing: int) -> None:
        file_bytes = job.pcm_bytes + CHUNK_BYTES if job.encoding.format.spec.writes_whole_file else 0
        limits = ProcessLimits(self._options.memory_bytes, self._options.cpu_seconds, file_bytes)
        request = {"id": render_id, "job": job.to_json(), "limits": asdict(limits)}
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], [midi, writing])
        except OSError as error:
            self._mark_dead()
            raise RenderFailed("synthesiser", f"{_WORKER_GONE}: {error}") from None
        finally:
            os.close(writing)

    async def _kill(self, render_id: int, exit_future: "asyncio.Future[_Exit]") -> None:
        if not exit_future.done() and self.alive:
            with contextlib.suppress(OSError):
                self._control.send(json.dumps({"kill": render_id}).encode())
            await exit_future
        self._exits.pop(render_id, None)

    def _receive(self) -> None:
        try:
            data = self._control.recv(PACKET_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._mark_dead()
            return
        message: dict[str, Any] = json.loads(data)
        exit_future = self._exits.get(message["id"])
        if exit_future is not None and not exit_future.done():
            exit_future.set_result(_Exit(message["status"], message["message"]))

    def _mark_dead(self) -> None:
        if not self.alive:
            return
        self.alive = False
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        for exit_future in self._exits.values():
            if not exit_future.done():
                exit_future.set_result(_Exit(-1, _WORKER_GONE))


def _read_start_message(data: bytes, soundfont: Path, child: Child) -> str:
    message = json.loads(data) if data else {}
    if "missing" in message:
        raise ToolMissing(message["missing"], message["package"])
    if "unusable" in message:
        raise SoundFontMissing(f"FluidSynth cannot read {soundfont} ({message['unusable']}).")
    if "unsafe" in message:
        raise SandboxMissing
    if "ready" not in message:
        raise RenderFailed("synthesiser", child.stderr_tail or "the synthesiser process did not start")
    report = log.warning if message["network"] else log.info
    restrictions = {"network": message["network"], "landlock": message["landlock"]}
    report("synth_worker_ready", soundfont=soundfont.name, versions=message["ready"], **restrictions)
    return str(message["ready"])


class _Descriptor:
    """A file descriptor that is closed unless it was released."""

    def __init__(self, number: int) -> None:
        self._number: int | None = number

    def release(self) -> int:
        assert self._number is not None
        number, self._number = self._number, None
        return number

    def close(self) -> None:
        if self._number is not None:
            os.close(self._number)


@contextmanager
def _pipe() -> Iterator[tuple[_Descriptor, _Descriptor]]:
    reading, writing = os.pipe()
    with contextlib.suppress(OSError):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    with contextlib.closing(_Descriptor(reading)) as source, contextlib.closing(_Descriptor(writing)) as sink:
        yield source, sink


async def _connect(
    loop: asyncio.AbstractEventLoop, descriptor: int
) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    reader = asyncio.StreamReader(limit=CHUNK_BYTES)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader, transport


@contextmanager
def _memory_file(content: bytes) -> Iterator[int]:
    """Provide the descriptor of a file in memory."""
    descriptor = os.memfd_create("midi")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
            file.seek(0)
        yield descriptor
    finally:
        os.close(descriptor)
