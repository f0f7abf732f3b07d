"""One render: FluidSynth into ffmpeg into an anonymous file, with exactly the frames that were announced."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO

import structlog

from euterpe_converter.domain.audio import AudioFormat, SynthesisOptions
from euterpe_converter.errors import RenderFailed, RenderTimeout
from euterpe_converter.rendering.child import CHUNK_BYTES, Child, ChildLimits, running
from euterpe_converter.rendering.encoder import encoding_command
from euterpe_converter.rendering.soundfont import SoundFont
from euterpe_converter.rendering.synthesizer import ERROR_MARK, synthesis_command
from euterpe_converter.rendering.tools import Toolchain

log = structlog.get_logger(__name__)

# Container headers and frames that do not compress.
_FILE_SLACK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RenderJob:
    """A valid MIDI file, how many seconds its music lasts, and what is to be made of it."""

    midi: bytes
    music_seconds: float
    soundfont: SoundFont
    format: AudioFormat
    synthesis: SynthesisOptions

    @property
    def frames(self) -> int:
        """Frames of the audio."""
        return self.synthesis.frames(self.music_seconds)

    @property
    def pcm_bytes(self) -> int:
        """Bytes of the audio before it is encoded."""
        return self.frames * self.synthesis.frame_bytes


class Renderer:
    """Runs the two programs. Nothing of a render is left when it ends, in whatever way."""

    def __init__(self, tools: Toolchain, *, timeout_seconds: float, memory_bytes: int) -> None:
        self._tools = tools
        self._timeout = timeout_seconds
        self._memory = memory_bytes

    async def render(self, job: RenderJob) -> BinaryIO:
        """The encoded audio in an anonymous file, to be closed by the caller.

        Raises RenderFailed, RenderTimeout, ToolMissing.
        """
        with ExitStack() as undo:
            # Unlinked from the start: not even a killed service leaves it behind.
            audio = undo.enter_context(tempfile.TemporaryFile())
            try:
                async with asyncio.timeout(self._timeout):
                    await self._run(job, audio.fileno())
            except TimeoutError:
                raise RenderTimeout(self._timeout) from None
            except RenderFailed as error:
                log.warning("render_failed", stage=error.stage, complaint=error.complaint, format=job.format.value)
                raise
            undo.pop_all()
        audio.seek(0)
        return audio

    async def _run(self, job: RenderJob, target: int) -> None:
        writing = ChildLimits(self._memory, int(self._timeout) + 1, job.pcm_bytes + _FILE_SLACK_BYTES)
        # The synthesiser writes to a pipe only.
        reading = replace(writing, file_bytes=0)
        encoder, synthesizer = self._tools.encoder, self._tools.synthesizer
        encoding = encoding_command(encoder.path(), f"/proc/self/fd/{target}", job.format, job.synthesis, job.frames)
        with _memory_file(job.midi) as midi:
            synthesis = synthesis_command(
                synthesizer.path(), job.soundfont.path, f"/proc/self/fd/{midi}", job.synthesis
            )
            async with (
                running(encoding, writing, feed=True, pass_fds=[target]) as sink,
                running(synthesis, reading, collect=True, pass_fds=[midi]) as source,
            ):
                await _relay(source, sink, job.pcm_bytes)
                if await sink.ended() != 0:
                    raise RenderFailed("encoder", sink.complaint)


async def _relay(source: Child, sink: Child, size_bytes: int) -> None:
    """Passes on `size_bytes` of PCM: what is more is cut off, what is missing at a sound end is silence."""
    left = size_bytes
    try:
        while left and (chunk := await source.stdout.read(min(CHUNK_BYTES, left))):
            sink.stdin.write(chunk)
            await sink.stdin.drain()
            left -= len(chunk)
        if left:
            await _check_early_end(source, silent=left == size_bytes)
        elif ERROR_MARK in source.complaint:
            raise RenderFailed("synthesiser", source.complaint)
        while left:
            sink.stdin.write(bytes(min(CHUNK_BYTES, left)))
            await sink.stdin.drain()
            left -= min(CHUNK_BYTES, left)
        sink.stdin.close()
    except ConnectionError:
        # The encoder went away; its exit status and its words are better than a broken pipe.
        await sink.ended()
        raise RenderFailed("encoder", sink.complaint) from None


async def _check_early_end(source: Child, *, silent: bool) -> None:
    """Raises RenderFailed unless the synthesiser ended because it had played everything."""
    status = await source.ended()
    if status != 0 or silent or ERROR_MARK in source.complaint:
        raise RenderFailed("synthesiser", f"exit status {status}\n{source.complaint}")


@contextmanager
def _memory_file(content: bytes) -> Iterator[int]:
    """The descriptor of a file that exists in memory only."""
    descriptor = os.memfd_create("midi")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield descriptor
    finally:
        os.close(descriptor)
