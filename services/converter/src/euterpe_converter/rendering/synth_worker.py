"""The service's side of `stage_worker`: starts it, hands it jobs, and reads what they give."""

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

from euterpe_converter.errors import RenderFailed, SoundFontMissing, ToolMissing
from euterpe_converter.rendering.child import CHILD_ENVIRONMENT, Child, end_child
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.sandbox import RenderLimits
from euterpe_converter.rendering.synth_protocol import PACKET_BYTES, SYNTHESIS_FAILED

log = structlog.get_logger(__name__)

_START_SECONDS = 60.0
#: Bytes that wait in the pipe between a render and the service: ten seconds of WAV.
_PIPE_BYTES = 1024 * 1024
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class StageOptions:
    """Which programs and libraries a stage uses, and what one render may take."""

    fluidsynth: str
    ffmpeg: str
    memory_bytes: int
    cpu_seconds: int


@dataclass(frozen=True, slots=True)
class _Ending:
    status: int
    message: str


class Stage:
    """A SoundFont in memory, ready to play. Made by `Stage.open`."""

    def __init__(self, child: Child, control: socket.socket, versions: str, options: StageOptions) -> None:
        self.versions = versions
        self._child, self._control, self._options = child, control, options
        self._numbers = iter(range(1, sys.maxsize))
        self._endings: dict[int, asyncio.Future[_Ending]] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(control.fileno(), self._listen)
        self.alive = True

    @classmethod
    async def open(cls, soundfont: Path, options: StageOptions) -> "Stage":
        """Starts the process and waits until the SoundFont is loaded.

        Raises ToolMissing, SoundFontMissing, RenderFailed.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        given = {"soundfont": str(soundfont), "fluidsynth": options.fluidsynth, "ffmpeg": options.ffmpeg}
        module = "euterpe_converter.rendering.synth_process"
        async with AsyncExitStack() as undo:
            undo.callback(ours.close)
            with contextlib.closing(theirs):
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", module, str(theirs.fileno()), json.dumps(given)),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    env=CHILD_ENVIRONMENT,
                    start_new_session=True,
                    pass_fds=[theirs.fileno()],
                )
            child = Child(process)
            undo.push_async_callback(end_child, child)
            try:
                async with asyncio.timeout(_START_SECONDS):
                    data = await asyncio.get_running_loop().sock_recv(ours, PACKET_BYTES)
            except TimeoutError:
                data = b""
            stage = cls(child, ours, _understood(data, soundfont, child), options)
            undo.pop_all()
        return stage

    async def close(self) -> None:
        """Ends it, and all its renders."""
        self._lost()
        await end_child(self._child)

    @asynccontextmanager
    async def performing(self, job: RenderJob) -> AsyncGenerator[tuple[int, AsyncIterator[bytes]], None]:
        """The number of frames, and the body as it is made. However the context ends, the render has ended then.

        Raises RenderFailed, also from the iterator.
        """
        if not self.alive:
            raise RenderFailed("synthesiser", "the stage has gone")
        number = next(self._numbers)
        ending: asyncio.Future[_Ending] = self._loop.create_future()
        self._endings[number] = ending
        with _pipe() as (reading, writing):
            try:
                with _memory_file(job.midi) as midi:
                    self._ask(number, job, midi, writing.release())
                reader, transport = await _connect(self._loop, reading.release())
                try:
                    header = await reader.readline()
                    if not header.endswith(b"\n"):
                        await self._check(ending)
                        raise RenderFailed("synthesiser", "no header")
                    yield json.loads(header)["frames"], self._body(reader, ending)
                finally:
                    transport.close()
            finally:
                # A second cancellation must not leave it behind.
                await asyncio.shield(self._end(number, ending))

    async def _body(self, reader: asyncio.StreamReader, ending: "asyncio.Future[_Ending]") -> AsyncIterator[bytes]:
        while chunk := await reader.read(CHUNK_BYTES):
            yield chunk
        await self._check(ending)

    async def _check(self, ending: "asyncio.Future[_Ending]") -> None:
        end = await asyncio.shield(ending)
        if end.status != 0:
            stage = "synthesiser" if end.status == SYNTHESIS_FAILED or end.status < 0 else "encoder"
            raise RenderFailed(stage, f"exit status {end.status}\n{end.message}\n{self._child.complaint}".strip())

    def _ask(self, number: int, job: RenderJob, midi: int, writing: int) -> None:
        # What pydub hands to ffmpeg goes through a file.
        files = job.pcm_bytes + CHUNK_BYTES if job.encoding.format == "ogg" else 0
        limits = RenderLimits(self._options.memory_bytes, self._options.cpu_seconds, files)
        request = {"id": number, "job": job.to_json(), "limits": asdict(limits)}
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], [midi, writing])
        except OSError as error:
            self._lost()
            raise RenderFailed("synthesiser", f"the stage has gone: {error}") from None
        finally:
            os.close(writing)

    async def _end(self, number: int, ending: "asyncio.Future[_Ending]") -> None:
        if not ending.done() and self.alive:
            with contextlib.suppress(OSError):
                self._control.send(json.dumps({"kill": number}).encode())
            await ending
        self._endings.pop(number, None)

    def _listen(self) -> None:
        try:
            data = self._control.recv(PACKET_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        message: dict[str, Any] = json.loads(data)
        ending = self._endings.get(message["id"])
        if ending is not None and not ending.done():
            ending.set_result(_Ending(message["status"], message["message"]))

    def _lost(self) -> None:
        if not self.alive:
            return
        self.alive = False
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        for ending in self._endings.values():
            if not ending.done():
                ending.set_result(_Ending(-1, "the stage has gone"))


def _understood(data: bytes, soundfont: Path, child: Child) -> str:
    message = json.loads(data) if data else {}
    if "missing" in message:
        raise ToolMissing(message["missing"], message["package"])
    if "unusable" in message:
        raise SoundFontMissing(f"FluidSynth cannot read {soundfont} ({message['unusable']}).")
    if "ready" not in message:
        raise RenderFailed("synthesiser", child.complaint or "the stage did not start")
    log.info("stage_ready", soundfont=soundfont.name, versions=message["ready"], network=message["network"])
    return str(message["ready"])


class _Descriptor:
    """A descriptor that is closed unless somebody else has taken it."""

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
    """The descriptor of a file that exists in memory only."""
    descriptor = os.memfd_create("midi")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
            file.seek(0)
        yield descriptor
    finally:
        os.close(descriptor)
