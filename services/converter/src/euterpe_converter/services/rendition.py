"""The audio of a request: stored in the cache, or rendered on demand."""

import hashlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict

from euterpe_service_kit.ranges import ByteRange

from euterpe_converter.domain.audio import Encoding, Tags
from euterpe_converter.domain.containers import body_bytes, preamble
from euterpe_converter.domain.requester import Requester
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache, StoredBody
from euterpe_converter.rendering.job import canonical
from euterpe_converter.rendering.pool import Job, RenderPool
from euterpe_converter.rendering.stream_buffer import ReaderLagged, StreamBuffer


class Rendition:
    """Audio as a computed preamble and a body that is stored, or rendered when `start` is called.

    `frames` and `size_bytes` (of both parts) are None until they are known. Must be closed.
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
        requester: Requester,
    ) -> None:
        self.key, self.encoding, self.title = key, encoding, title
        self._tags, self._cache, self._metrics = tags, cache, metrics
        self._stored, self._origin, self._requester = stored, origin, requester
        self.frames = stored.frames if stored else frames
        self._buffer: StreamBuffer | None = None
        self._exit_stack = AsyncExitStack()
        self._started = time.perf_counter()

    @property
    def is_stored(self) -> bool:
        """Whether the body is in the cache, so that nothing is rendered."""
        return self._stored is not None

    @property
    def digest(self) -> str:
        """Hexadecimal digest that identifies the bytes of the file; serves as entity tag."""
        return hashlib.sha256(f"{self.key} {canonical(asdict(self._tags))}".encode()).hexdigest()

    @property
    def head(self) -> bytes:
        """The preamble. The number of frames must be known."""
        assert self.frames is not None
        return preamble(self.encoding, self.frames, self._tags)

    @property
    def size_bytes(self) -> int | None:
        """Size of the whole file."""
        if self.frames is None:
            return None
        size: int | None
        if self._stored:
            size = self._stored.size_bytes
        elif self._buffer and self._buffer.complete:
            size = self._buffer.size_bytes
        else:
            size = body_bytes(self.encoding, self.frames)
        return None if size is None else len(self.head) + size

    @property
    def seconds(self) -> float | None:
        """Duration of the audio."""
        return None if self.frames is None else self.frames / self.encoding.sample_rate

    async def start(self) -> None:
        """Start rendering unless the body is stored, and wait until the duration is known.

        Raises RenderQueueFull, RenderFailed, RenderTimeout, Unavailable.
        """
        if self._stored is None and self._buffer is None:
            # An equal request may have completed since the lookup.
            self._stored = self._cache.peek(self.key)
            self.frames = self._stored.frames if self._stored else self.frames
        if self._stored is None and self._buffer is None:
            assert self._origin is not None
            pool, job = self._origin
            self._buffer = await self._exit_stack.enter_async_context(pool.subscribe(self.key, job, self._requester))
            self.frames = await self._buffer.wait_started()

    async def wait_for(self, position: int) -> bool:
        """Wait for the byte at this position; return False when the file ends before it. Raises as `start` does."""
        if self._buffer is None:
            size = self.size_bytes
            return size is not None and position < size
        body_position = max(0, position - len(self.head))
        await self._buffer.wait_for(body_position)
        return position < len(self.head) or self._buffer.size_bytes > body_position

    async def wait_finished(self) -> int:
        """Wait for the last byte, and return the size. Raises as `start` does."""
        if self._buffer is not None:
            await self._buffer.wait_finished()
        assert self.size_bytes is not None
        return self.size_bytes

    async def read(self, part: ByteRange | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of this part, or of all, as they come. Raises ObjectNotFound, and as `start` does."""
        first, last = (part.first, part.last) if part else (0, None)
        async for chunk in self._chunks(first, last):
            if self._started:
                result = "hit" if self._stored else "miss"
                self._metrics.first_byte_seconds.labels(result).observe(time.perf_counter() - self._started)
                self._started = 0.0
            self._metrics.sent_bytes.labels(self.encoding.format.value).inc(len(chunk))
            yield chunk

    def invalidate(self) -> None:
        """Forget the stored body after the object was removed, so that the next lookup misses."""
        self._cache.discard(self.key)

    async def close(self) -> None:
        """Unsubscribe; a render without subscribers is cancelled."""
        await self._exit_stack.aclose()

    async def _chunks(self, first: int, last: int | None) -> AsyncIterator[bytes]:
        head = self.head
        piece = head[first : None if last is None else last + 1]
        start, end = max(0, first - len(head)), None if last is None else last - len(head)
        if end is None or end >= start:
            async for chunk in self._body(start, end):
                # Sent together with the first bytes of the body, so that a failure before them still gets a status.
                yield piece + chunk
                piece = b""
        if piece:
            yield piece

    async def _body(self, first: int, last: int | None) -> AsyncIterator[bytes]:
        position = first
        if self._buffer is not None:
            try:
                async for chunk in self._buffer.read(first, last):
                    yield chunk
                    position += len(chunk)
                return
            except ReaderLagged:
                size = await self._buffer.wait_finished()
        else:
            assert self._stored is not None
            size = self._stored.size_bytes
        end = size - 1 if last is None else last
        if position <= end:
            async for chunk in self._cache.read(self.key, position, end):
                yield chunk
