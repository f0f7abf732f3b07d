"""One render: a synth worker renders into a stream buffer for the subscribers, and into the object store."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from euterpe_service_kit.errors import Unavailable

from euterpe_converter.errors import RenderFailed, RenderTimeout
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache, StoredBody
from euterpe_converter.rendering.eviction import Evictor
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.soundfont import SoundFont
from euterpe_converter.rendering.stream_buffer import StreamBuffer
from euterpe_converter.rendering.synth_worker_pool import SynthWorkerPool

log = structlog.get_logger(__name__)


class Renderer:
    """Renders into stream buffers."""

    def __init__(
        self,
        workers: SynthWorkerPool,
        cache: RenditionCache,
        evictor: Evictor,
        metrics: Metrics,
        *,
        timeout_seconds: float,
    ) -> None:
        self._workers, self._cache, self._evictor, self._metrics = workers, cache, evictor, metrics
        self._timeout = timeout_seconds

    async def render(self, key: str, job: RenderJob, soundfont: SoundFont, buffer: StreamBuffer) -> None:
        """Write the body into the buffer and the object store. Continues when the object store fails.

        Raises RenderFailed, RenderTimeout, and the errors of `SynthWorker.start`.
        """
        with self._measured(job):
            try:
                async with asyncio.timeout(self._timeout):
                    await self._render(key, job, soundfont, buffer)
            except TimeoutError:
                raise RenderTimeout(self._timeout) from None

    async def _render(self, key: str, job: RenderJob, soundfont: SoundFont, buffer: StreamBuffer) -> None:
        async with self._workers.use(soundfont) as worker, worker.render(job) as (frames, body):
            buffer.start(frames)
            async with self._cache.upload(key, job.encoding, frames) as upload:
                storing = True
                async for data in body:
                    buffer.append(data)
                    storing = storing and await self._is_stored(upload.write(data))
                storing = storing and await self._has_room(buffer.size_bytes)
                if storing and await self._is_stored(upload.complete()):
                    self._metrics.stored_bytes.inc(buffer.size_bytes)
                    self._cache.add(key, StoredBody(frames, buffer.size_bytes), buffer.content())
        buffer.finish()

    async def _has_room(self, size_bytes: int) -> bool:
        """Make room before the object is visible, so that the cache never exceeds its limit."""
        try:
            return await self._evictor.make_room(size_bytes)
        except Unavailable as error:
            self._metrics.failures.labels("storage").inc()
            log.warning("rendition_not_stored", detail=error.detail)
            return False

    async def _is_stored(self, step: Coroutine[Any, Any, None]) -> bool:
        """Whether the step succeeded. If not, clients still get the audio, and the next request renders it again."""
        try:
            await step
        except Unavailable as error:
            self._metrics.failures.labels("storage").inc()
            log.warning("rendition_not_stored", detail=error.detail)
            return False
        return True

    @contextmanager
    def _measured(self, job: RenderJob) -> Iterator[None]:
        started, result, reason = time.perf_counter(), "failed", ""
        try:
            yield
            result = "ok"
        except RenderTimeout:
            result = reason = "timeout"
            raise
        except asyncio.CancelledError:
            result = "cancelled"
            raise
        except RenderFailed as error:
            reason = error.component
            log.warning("render_failed", component=reason, cause=error.cause, format=job.encoding.format.value)
            raise
        finally:
            seconds, audio = time.perf_counter() - started, job.frames / job.encoding.sample_rate
            self._metrics.renders.labels(job.encoding.format.value, result).inc()
            self._metrics.render_seconds.labels(job.encoding.format.value).observe(seconds)
            if reason:
                self._metrics.failures.labels(reason).inc()
            if result == "ok":
                self._metrics.audio_seconds.inc(audio)
                self._metrics.realtime_factor.observe(audio / seconds)
