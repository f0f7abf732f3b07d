"""Asks the worker process how long a MIDI file's music lasts or what it looks like, and replaces it when a file was too
much for it.
"""

import asyncio
import json
import resource
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from euterpe_service_kit.errors import FieldProblem, Unprocessable

from euterpe_converter.domain.picture import Picture
from euterpe_converter.errors import RenderFailed
from euterpe_converter.rendering.child import Child, ChildLimits, running
from euterpe_converter.rendering.midi_process import LENGTH_BYTES

log = structlog.get_logger(__name__)

_MEBIBYTE = 1024 * 1024
_START_SECONDS = 30.0
# A large file leaves a large heap behind; a fresh worker starts in a third of a second.
_KEEP_UP_TO_BYTES = _MEBIBYTE


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The most that is read: bytes of the file, notes, seconds of music; and what reading may take."""

    max_bytes: int
    max_notes: int
    max_seconds: float
    timeout_seconds: float = 5.0
    memory_bytes: int = 512 * _MEBIBYTE


class MidiReader:
    """Reads one file at a time."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._turn = asyncio.Lock()
        self._life = AsyncExitStack()
        self._child: Child | None = None

    async def start(self) -> None:
        """Starts the worker ahead of the first file. Raises RenderFailed."""
        async with self._turn:
            await self._worker()

    async def seconds(self, midi: bytes, *, field: str) -> float:
        """How long the music lasts.

        Raises Unprocessable with what is wrong and the limit that is broken, under the name of `field`.
        """
        async with self._turn:
            answer, _ = await self._ask({}, midi)
        if "seconds" in answer:
            return float(answer["seconds"])
        raise self._refusal(answer, field)

    async def picture(self, midi: bytes, picture: Picture, *, field: str) -> bytes:
        """The piano roll of the music. Raises Unprocessable like `seconds`."""
        async with self._turn:
            answer, drawn = await self._ask(asdict(picture), midi)
        if "bytes" in answer:
            return drawn
        raise self._refusal(answer, field)

    def _refusal(self, answer: dict[str, Any], field: str) -> Unprocessable:
        message = str(answer["message"])
        problem = FieldProblem(field, message, self._broken_limit(answer["reason"]))
        return Unprocessable(f"{field}: {message}", fields=[problem])

    @property
    def pid(self) -> int | None:
        """The worker's process, when there is one now."""
        return self._child.pid if self._child else None

    async def close(self) -> None:
        """Ends the worker."""
        self._child = None
        await self._life.aclose()

    async def _ask(self, task: dict[str, Any], midi: bytes) -> tuple[dict[str, Any], bytes]:
        child = await self._worker()
        keep = False
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                child.stdin.write(json.dumps(task).encode() + b"\n" + len(midi).to_bytes(LENGTH_BYTES) + midi)
                await child.stdin.drain()
                line = await child.stdout.readline()
                if line:
                    answer: dict[str, Any] = json.loads(line)
                    drawn = await child.stdout.readexactly(answer.get("bytes", 0))
                    keep = len(midi) <= _KEEP_UP_TO_BYTES
                    return answer, drawn
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            # Also when the caller was cancelled: the answer to its file must not be taken for the next one's.
            if not keep:
                await self.close()
        log.warning("midi_unreadable", size_bytes=len(midi), complaint=child.complaint)
        return {"reason": "too-complex", "message": "the file takes too much time or memory to read"}, b""

    async def _worker(self) -> Child:
        if self._child is not None and not self._child.alive:
            await self.close()
        if self._child is None:
            options = {name: getattr(self._limits, name) for name in ("max_bytes", "max_notes", "max_seconds")}
            command = [sys.executable, "-m", "euterpe_converter.rendering.midi_process", json.dumps(options)]
            limits = ChildLimits(self._limits.memory_bytes, resource.RLIM_INFINITY, 0)
            child = await self._life.enter_async_context(running(command, limits, feed=True, collect=True))
            try:
                async with asyncio.timeout(_START_SECONDS):
                    if not await child.stdout.readline():
                        raise RenderFailed("MIDI reader", child.complaint)
            except BaseException:
                await self.close()
                raise
            self._child = child
        return self._child

    def _broken_limit(self, reason: str) -> dict[str, Any]:
        limits: dict[str, dict[str, Any]] = {
            "too-large": {"max_bytes": self._limits.max_bytes},
            "too-many-notes": {"max_notes": self._limits.max_notes},
            "too-long": {"max_seconds": self._limits.max_seconds},
            "too-complex": {
                "timeout_seconds": self._limits.timeout_seconds,
                "memory_bytes": self._limits.memory_bytes,
            },
        }
        return limits.get(reason, {})
