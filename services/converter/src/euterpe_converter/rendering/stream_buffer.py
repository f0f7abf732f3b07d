"""A rendition that grows: one writer, any number of readers at any position."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator


class ReaderLagged(Exception):
    """The bytes to read have left the window; the object store has them when the rendition is complete."""


class StreamBuffer:
    """The body of a rendition while it is rendered; holds the last `window_bytes` of it.

    A slow reader does not slow the writer down: it lags behind the window, and continues from the object store.
    """

    def __init__(self, window_bytes: int) -> None:
        self._window_bytes = window_bytes
        self._chunks: deque[bytes] = deque()
        self._first = 0
        self._changed = asyncio.Event()
        self._error: BaseException | None = None
        #: Frames of the audio; known when `wait_started` returns.
        self.frames = 0
        #: Bytes written so far.
        self.size_bytes = 0
        self.complete = False
        self._started = asyncio.Event()

    def start(self, frames: int) -> None:
        """Set the number of frames."""
        self.frames = frames
        self._started.set()
        self._notify()

    def append(self, data: bytes) -> None:
        """Append the next bytes."""
        self._chunks.append(data)
        self.size_bytes += len(data)
        while self.size_bytes - self._first > self._window_bytes and len(self._chunks) > 1:
            self._first += len(self._chunks.popleft())
        self._notify()

    def finish(self) -> None:
        """Mark the body as complete."""
        self.complete = True
        self._notify()

    def fail(self, error: BaseException) -> None:
        """Make readers raise the error. Ignored after `finish`."""
        if not self.complete:
            self._error = error
            self._started.set()
            self._notify()

    def release(self) -> None:
        """Free the bytes held. Reading any of them raises ReaderLagged."""
        self._chunks.clear()
        self._first = self.size_bytes

    async def wait_started(self) -> int:
        """Wait for the number of frames, and return it. Raises the render's error."""
        await self._started.wait()
        self._check()
        return self.frames

    async def wait_for(self, position: int) -> None:
        """Wait until the byte at this position or the end is written. Raises the render's error."""
        while self.size_bytes <= position and not self.complete:
            self._check()
            await self._changed.wait()

    async def wait_finished(self) -> int:
        """Wait for the end, and return the size. Raises the render's error."""
        while not self.complete:
            self._check()
            await self._changed.wait()
        return self.size_bytes

    async def read(self, first: int, last: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from `first` to `last` (included) or the end, as they are written.

        Raises the render's error, ReaderLagged.
        """
        position = first
        while last is None or position <= last:
            await self.wait_for(position)
            if position >= self.size_bytes:
                return
            for chunk in self._from(position):
                part = chunk if last is None else chunk[: last + 1 - position]
                position += len(part)
                if part:
                    yield part

    def content(self) -> bytes | None:
        """Return everything written, or None when a part has left the window."""
        return None if self._first else b"".join(self._chunks)

    def _from(self, position: int) -> list[bytes]:
        if position < self._first:
            raise ReaderLagged
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

    def _notify(self) -> None:
        # Waiting readers hold the old event.
        self._changed.set()
        self._changed = asyncio.Event()
