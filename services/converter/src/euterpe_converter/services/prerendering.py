"""Renders audio in advance."""

import asyncio
import uuid

import structlog
from euterpe_service_kit.errors import ServiceError

from euterpe_converter.domain.audio import RenderOptions
from euterpe_converter.domain.formats import AudioFormat, choose_encoding
from euterpe_converter.domain.limits import WorkerLimits
from euterpe_converter.domain.requester import Requester
from euterpe_converter.errors import RenderQueueFull, TooManyRenders
from euterpe_converter.rendering.fair_workers import FairWorkers
from euterpe_converter.services.audio import AudioService
from euterpe_converter.services.rendition import Rendition

log = structlog.get_logger(__name__)

_MAX_QUEUED = 100
_MAX_PER_PRINCIPAL = 20


class Prerenderer:
    """Renders in the background, one at a time, by turns of the users: interactive requests keep the other workers.

    Queued renders are lost when the service stops; a request then renders the audio.
    """

    def __init__(self, audio: AudioService) -> None:
        self._audio = audio
        self._turns = FairWorkers(WorkerLimits(workers=1, per_principal=1, unregistered=1))
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._principals: dict[str, str] = {}

    async def prepare(
        self, song_id: uuid.UUID, formats: list[AudioFormat], requester: Requester
    ) -> dict[AudioFormat, bool]:
        """Render a song in these formats with default options; return for each whether it is rendered already.

        Raises RenderQueueFull, TooManyRenders, and as `AudioService.for_song` does.
        """
        ready: dict[AudioFormat, bool] = {}
        for audio_format in formats:
            options = RenderOptions(choose_encoding(audio_format))
            rendition = await self._audio.for_song(song_id, options, requester)
            ready[audio_format] = rendition.is_stored
            if rendition.is_stored or rendition.key in self._tasks:
                await rendition.close()
            elif len(self._tasks) >= _MAX_QUEUED:
                await rendition.close()
                raise RenderQueueFull(len(self._tasks))
            elif list(self._principals.values()).count(requester.principal) >= _MAX_PER_PRINCIPAL:
                await rendition.close()
                raise TooManyRenders(_MAX_PER_PRINCIPAL)
            else:
                self._enqueue(rendition, requester)
        return ready

    async def close(self) -> None:
        """Cancel the remaining renders."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _enqueue(self, rendition: Rendition, requester: Requester) -> None:
        task = asyncio.create_task(self._render(rendition, requester))
        self._tasks[rendition.key] = task
        self._principals[rendition.key] = requester.principal

        def forget(_: asyncio.Task[None]) -> None:
            self._tasks.pop(rendition.key, None)
            self._principals.pop(rendition.key, None)

        task.add_done_callback(forget)

    async def _render(self, rendition: Rendition, requester: Requester) -> None:
        try:
            await self._turns.acquire(requester)
            try:
                await rendition.start()
                await rendition.wait_finished()
            finally:
                self._turns.release(requester)
        except ServiceError as error:
            log.warning("prerender_failed", key=rendition.key, detail=error.detail)
        except Exception:
            # The task is not awaited, so its exception would be lost.
            log.exception("prerender_failed", key=rendition.key)
        finally:
            await rendition.close()
