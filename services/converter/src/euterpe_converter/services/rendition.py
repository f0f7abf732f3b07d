"""A rendition on its way to a listener: one that is kept, or one that is being made."""

import hashlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict

from euterpe_service_kit.ranges import ByteRange

from euterpe_converter.domain.audio import Encoding, Tags
from euterpe_converter.domain.containers import body_bytes, preamble
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache, StoredBody
from euterpe_converter.rendering.job import canonical
from euterpe_converter.rendering.pool import Job, RenderPool
from euterpe_converter.rendering.stream_buffer import FellBehind, Reel


class Rendition:
    """Audio: a preamble that is computed and a body that is kept, or made when `begin` is called.

    `frames` and `size_bytes` (of both parts) are None for as long as they are not known. Must be closed.
    """

    def __init__(
        self,
        *,
        key: str,
        encoding: Encoding,
        tags: Tags,
        title: str,
        cache: RenditionCache,
        metrics: Metrics,
        stored: StoredBody | None = None,
        frames: int | None = None,
        origin: tuple[RenderPool, Job] | None = None,
    ) -> None:
        self.key, self.encoding, self.title = key, encoding, title
        self._tags, self._cache, self._metrics = tags, cache, metrics
        self._stored, self._origin = stored, origin
        self.frames = stored.frames if stored else frames
        self._reel: Reel | None = None
        self._life = AsyncExitStack()
        self._started = time.perf_counter()

    @property
    def stored(self) -> bool:
        """Whether it is kept, so that nothing needs to be made."""
        return self._stored is not None

    @property
    def digest(self) -> str:
        """Hexadecimal; changes whenever a byte of the file does, so it serves as entity tag."""
        return hashlib.sha256(f"{self.key} {canonical(asdict(self._tags))}".encode()).hexdigest()

    @property
    def head(self) -> bytes:
        """The preamble; the frames must be known."""
        assert self.frames is not None
        return preamble(self.encoding, self.frames, self._tags)

    @property
    def size_bytes(self) -> int | None:
        """Of the whole file."""
        if self.frames is None:
            return None
        size: int | None
        if self._stored:
            size = self._stored.size_bytes
        elif self._reel and self._reel.complete:
            size = self._reel.size_bytes
        else:
            size = body_bytes(self.encoding, self.frames)
        return None if size is None else len(self.head) + size

    @property
    def seconds(self) -> float | None:
        """How long it plays."""
        return None if self.frames is None else self.frames / self.encoding.sample_rate

    async def begin(self) -> None:
        """Makes sure that it is being made, and waits until its length in time is known.

        Raises RenderQueueFull, RenderFailed, RenderTimeout, Unavailable.
        """
        if self._stored is None and self._reel is None:
            # An equal request may have ended since this one looked.
            self._stored = self._cache.known(self.key)
            self.frames = self._stored.frames if self._stored else self.frames
        if self._stored is None and self._reel is None:
            assert self._origin is not None
            pool, job = self._origin
            self._reel = await self._life.enter_async_context(pool.listening(self.key, job))
            self.frames = await self._reel.begun()

    async def reaches(self, position: int) -> bool:
        """Waits until the byte at this position exists; False when it never will. Raises as `begin` does."""
        if self._reel is None:
            size = self.size_bytes
            return size is not None and position < size
        inside = max(0, position - len(self.head))
        await self._reel.reaches(inside)
        return position < len(self.head) or self._reel.size_bytes > inside

    async def finished(self) -> int:
        """Waits for the last byte; returns the size. Raises as `begin` does."""
        if self._reel is not None:
            await self._reel.finished()
        assert self.size_bytes is not None
        return self.size_bytes

    async def read(self, part: ByteRange | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes of this part, or of all, as they come. Raises as `begin` does, and ObjectNotFound."""
        first, last = (part.first, part.last) if part else (0, None)
        async for chunk in self._pieces(first, last):
            if self._started:
                result = "hit" if self._stored else "miss"
                self._metrics.first_byte_seconds.labels(result).observe(time.perf_counter() - self._started)
                self._started = 0.0
            self._metrics.sent_bytes.labels(self.encoding.format.value).inc(len(chunk))
            yield chunk

    def gone(self) -> None:
        """What was kept has been removed meanwhile; asking again finds so."""
        self._cache.forget(self.key)

    async def close(self) -> None:
        """Leaves: what nobody listens to is not made any longer."""
        await self._life.aclose()

    async def _pieces(self, first: int, last: int | None) -> AsyncIterator[bytes]:
        head = self.head
        piece = head[first : None if last is None else last + 1]
        start, end = max(0, first - len(head)), None if last is None else last - len(head)
        if end is None or end >= start:
            async for chunk in self._body(start, end):
                # Together with the first of the sound, so that a failure to get any can still be answered as such.
                yield piece + chunk
                piece = b""
        if piece:
            yield piece

    async def _body(self, first: int, last: int | None) -> AsyncIterator[bytes]:
        position = first
        if self._reel is not None:
            try:
                async for chunk in self._reel.read(first, last):
                    yield chunk
                    position += len(chunk)
                return
            except FellBehind:
                size = await self._reel.finished()
        else:
            assert self._stored is not None
            size = self._stored.size_bytes
        end = size - 1 if last is None else last
        if position <= end:
            async for chunk in self._cache.read(self.key, position, end):
                yield chunk
