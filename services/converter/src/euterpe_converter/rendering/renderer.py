"""One render from beginning to end: a stage plays, the reel tells the listeners, the object store gets it all."""

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
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.soundfont import SoundFont
from euterpe_converter.rendering.stream_buffer import Reel
from euterpe_converter.rendering.synth_worker_pool import Stages

log = structlog.get_logger(__name__)


class Renderer:
    """Renders onto reels."""

    def __init__(self, stages: Stages, cache: RenditionCache, metrics: Metrics, *, timeout_seconds: float) -> None:
        self._stages, self._cache, self._metrics = stages, cache, metrics
        self._timeout = timeout_seconds

    async def render(self, key: str, job: RenderJob, soundfont: SoundFont, reel: Reel) -> None:
        """Writes the body onto the reel and into the object store, which need not be there for it.

        Raises RenderFailed, RenderTimeout, and what opening a stage raises.
        """
        with self._measured(job):
            try:
                async with asyncio.timeout(self._timeout):
                    await self._render(key, job, soundfont, reel)
            except TimeoutError:
                raise RenderTimeout(self._timeout) from None

    async def _render(self, key: str, job: RenderJob, soundfont: SoundFont, reel: Reel) -> None:
        async with self._stages.use(soundfont) as stage, stage.performing(job) as (frames, body):
            reel.begin(frames)
            async with self._cache.upload(key, job.encoding, frames) as upload:
                storing = True
                async for data in body:
                    reel.append(data)
                    storing = storing and await self._stored(upload.write(data))
                if storing and await self._stored(upload.complete()):
                    self._metrics.stored_bytes.inc(reel.size_bytes)
                    self._cache.keep(key, StoredBody(frames, reel.size_bytes), reel.content())
        reel.finish()

    async def _stored(self, step: Coroutine[Any, Any, None]) -> bool:
        """False when the object store failed: the listener gets the audio all the same, and the next one renders."""
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
            reason = error.stage
            log.warning("render_failed", stage=reason, complaint=error.complaint, format=job.encoding.format.value)
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
