"""A rendition that grows: one writes, any number read, each from where it likes."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator


class FellBehind(Exception):
    """What was to be read has been let go of; the object store has it when the rendition is complete."""


class Reel:
    """The body of a rendition while it is made. Keeps the last `window_bytes` of it, so that memory is bounded.

    A slow reader does not slow the writer down: it falls behind, and goes on with the object store later.
    """

    def __init__(self, window_bytes: int) -> None:
        self._window = window_bytes
        self._chunks: deque[bytes] = deque()
        self._first = 0
        self._changed = asyncio.Event()
        self._error: BaseException | None = None
        #: Frames of the audio; known when `begun` returns.
        self.frames = 0
        #: Bytes that were written so far.
        self.size_bytes = 0
        self.complete = False
        self._begun = asyncio.Event()

    def begin(self, frames: int) -> None:
        """The length is known now."""
        self.frames = frames
        self._begun.set()
        self._tell()

    def append(self, data: bytes) -> None:
        """The next bytes."""
        self._chunks.append(data)
        self.size_bytes += len(data)
        while self.size_bytes - self._first > self._window and len(self._chunks) > 1:
            self._first += len(self._chunks.popleft())
        self._tell()

    def finish(self) -> None:
        """All is there."""
        self.complete = True
        self._tell()

    def fail(self, error: BaseException) -> None:
        """There will be no more; readers get the error. After `finish` it says nothing about these bytes."""
        if not self.complete:
            self._error = error
            self._begun.set()
            self._tell()

    async def begun(self) -> int:
        """Waits for the number of frames. Raises what the rendering raised."""
        await self._begun.wait()
        self._check()
        return self.frames

    async def reaches(self, position: int) -> None:
        """Waits until the byte at this position is there, or the end. Raises what the rendering raised."""
        while self.size_bytes <= position and not self.complete:
            self._check()
            await self._changed.wait()

    async def finished(self) -> int:
        """Waits for the end; returns the size. Raises what the rendering raised."""
        while not self.complete:
            self._check()
            await self._changed.wait()
        return self.size_bytes

    async def read(self, first: int, last: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes from `first` to `last` (included) or the end, as they come.

        Raises what the rendering raised, FellBehind.
        """
        position = first
        while last is None or position <= last:
            await self.reaches(position)
            if position >= self.size_bytes:
                return
            for chunk in self._from(position):
                part = chunk if last is None else chunk[: last + 1 - position]
                position += len(part)
                if part:
                    yield part

    def content(self) -> bytes | None:
        """All that was written, when all of it is still here."""
        return None if self._first else b"".join(self._chunks)

    def _from(self, position: int) -> list[bytes]:
        if position < self._first:
            raise FellBehind
        found, start = [], self.size_bytes
        for chunk in reversed(self._chunks):
            start -= len(chunk)
            found.append(chunk)
            if start <= position:
                break
        found.reverse()
        found[0] = found[0][position - start :]
        return found

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _tell(self) -> None:
        # Whoever waits holds the old event.
        self._changed.set()
        self._changed = asyncio.Event()
