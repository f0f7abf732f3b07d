"""Reads MIDI files in a worker process: into the form to synthesise, their piano roll, score or tracks.

The worker is replaced after a failure.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from euterpe_service_kit.errors import FieldProblem, Unprocessable

from euterpe_converter.domain.picture import Picture
from euterpe_converter.domain.score import ScoreOptions, WrittenScore
from euterpe_converter.domain.stems import Stem, Stems
from euterpe_converter.errors import RenderFailed, ScoreNotPossible
from euterpe_converter.rendering.child import Child, ChildLimits, running
from euterpe_converter.rendering.midi_process import LENGTH_BYTES

log = structlog.get_logger(__name__)

_MEBIBYTE = 1024 * 1024
_START_SECONDS = 30.0
# A large file leaves a large heap; a new worker starts in a third of a second.
_REUSE_UP_TO_BYTES = _MEBIBYTE


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Maximum bytes of a file, notes and seconds of music; and the time and memory that reading may take."""

    max_bytes: int
    max_notes: int
    max_seconds: float
    timeout_seconds: float = 5.0
    memory_bytes: int = 512 * _MEBIBYTE


class MidiReader:
    """Reads one file at a time."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._lock = asyncio.Lock()
        self._exit_stack = AsyncExitStack()
        self._child: Child | None = None

    async def start(self) -> None:
        """Start the worker before the first file. Raises RenderFailed."""
        async with self._lock:
            await self._worker()

    async def canonical(
        self, midi: bytes, *, field: str, programs: Sequence[tuple[int, int]] = ()
    ) -> tuple[float, bytes]:
        """Return the duration of the music, and the file to synthesise; see `rendering.canonical`.

        Raises Unprocessable with the reason and the exceeded limit, for the request's `field`.
        """
        async with self._lock:
            answer, content = await self._request({"programs": list(programs)}, midi)
        if "seconds" in answer:
            return float(answer["seconds"]), content
        raise self._refusal(answer, field)

    async def picture(self, midi: bytes, picture: Picture, *, field: str) -> bytes:
        """Return the piano roll of the music. Raises Unprocessable as `canonical` does."""
        async with self._lock:
            answer, drawn = await self._request({"picture": asdict(picture)}, midi)
        if "bytes" in answer:
            return drawn
        raise self._refusal(answer, field)

    async def score(self, midi: bytes, options: ScoreOptions, *, field: str) -> WrittenScore:
        """Return the score of the music. Raises ScoreNotPossible, and Unprocessable as `canonical` does."""
        async with self._lock:
            answer, content = await self._request({"score": asdict(options)}, midi)
        if "bytes" in answer:
            return WrittenScore(content, int(answer["pages"]))
        if answer["reason"] == "not-notatable":
            raise ScoreNotPossible(str(answer["message"]))
        raise self._refusal(answer, field)

    async def stems(self, midi: bytes, *, field: str) -> Stems:
        """Return the tracks of the music as files. Raises Unprocessable as `canonical` does."""
        async with self._lock:
            answer, content = await self._request({"stems": True}, midi)
        if "stems" not in answer:
            raise self._refusal(answer, field)
        items, position = [], 0
        for number, (name, size) in enumerate(answer["stems"]):
            items.append(Stem(number, name, content[position : position + size]))
            position += size
        return Stems(float(answer["seconds"]), tuple(items))

    def _refusal(self, answer: dict[str, Any], field: str) -> Unprocessable:
        message = str(answer["message"])
        problem = FieldProblem(field, message, self._exceeded_limit(answer["reason"]))
        return Unprocessable(f"{field}: {message}", fields=[problem])

    @property
    def pid(self) -> int | None:
        """Process id of the worker, or None when it is not running."""
        return self._child.pid if self._child else None

    async def close(self) -> None:
        """Stop the worker."""
        self._child = None
        await self._exit_stack.aclose()

    async def _request(self, task: dict[str, Any], midi: bytes) -> tuple[dict[str, Any], bytes]:
        child = await self._worker()
        reuse = False
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                child.stdin.write(json.dumps(task).encode() + b"\n" + len(midi).to_bytes(LENGTH_BYTES) + midi)
                await child.stdin.drain()
                line = await child.stdout.readline()
                if line:
                    answer: dict[str, Any] = json.loads(line)
                    drawn = await child.stdout.readexactly(answer.get("bytes", 0))
                    reuse = len(midi) <= _REUSE_UP_TO_BYTES
                    return answer, drawn
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            # Also after a cancellation: the answer to this file must not be read as the answer to the next one.
            if not reuse:
                await self.close()
        log.warning("midi_unreadable", size_bytes=len(midi), stderr_tail=child.stderr_tail)
        return {"reason": "too-complex", "message": "the file takes too much time or memory to read"}, b""

    async def _worker(self) -> Child:
        if self._child is not None and not self._child.alive:
            await self.close()
        if self._child is None:
            options = {name: getattr(self._limits, name) for name in ("max_bytes", "max_notes", "max_seconds")}
            command = [sys.executable, "-m", "euterpe_converter.rendering.midi_process", json.dumps(options)]
            limits = ChildLimits(self._limits.memory_bytes, resource.RLIM_INFINITY, 0)
            child = await self._exit_stack.enter_async_context(running(command, limits, feed=True, collect=True))
            try:
                async with asyncio.timeout(_START_SECONDS):
                    if not await child.stdout.readline():
                        raise RenderFailed("MIDI reader", child.stderr_tail)
            except BaseException:
                await self.close()
                raise
            self._child = child
        return self._child

    def _exceeded_limit(self, reason: str) -> dict[str, Any]:
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
