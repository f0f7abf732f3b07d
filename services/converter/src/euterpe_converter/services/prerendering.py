"""Renders audio before anybody listens to it."""

import asyncio
import uuid

import structlog
from euterpe_service_kit.errors import ServiceError

from euterpe_converter.domain.audio import AudioFormat, Wish, choose_encoding
from euterpe_converter.domain.requester import Listener
from euterpe_converter.errors import RenderQueueFull
from euterpe_converter.services.audio import AudioService
from euterpe_converter.services.rendition import Rendition

log = structlog.get_logger(__name__)

_MOST_WAITING = 100


class Prerenderer:
    """Renders in the background, one at a time, so that those who wait for sound keep the other workers.

    What it has not done when the service stops is lost: asking for it renders it then.
    """

    def __init__(self, audio: AudioService) -> None:
        self._audio = audio
        self._turn = asyncio.Semaphore(1)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def prepare(
        self, song_id: uuid.UUID, formats: list[AudioFormat], listener: Listener
    ) -> dict[AudioFormat, bool]:
        """Sees to it that a song's audio will be there in these formats, as it is when no options are given; tells for
        each whether it is there already. Raises what `AudioService.of_song` raises, RenderQueueFull.
        """
        ready: dict[AudioFormat, bool] = {}
        for audio_format in formats:
            rendition = await self._audio.of_song(song_id, Wish(choose_encoding(audio_format)), listener)
            ready[audio_format] = rendition.stored
            if rendition.stored or rendition.key in self._tasks:
                await rendition.close()
            elif len(self._tasks) >= _MOST_WAITING:
                await rendition.close()
                raise RenderQueueFull(len(self._tasks))
            else:
                self._begin(rendition)
        return ready

    async def close(self) -> None:
        """Ends what is not done."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _begin(self, rendition: Rendition) -> None:
        task = asyncio.create_task(self._render(rendition))
        self._tasks[rendition.key] = task
        task.add_done_callback(lambda _: self._tasks.pop(rendition.key, None))

    async def _render(self, rendition: Rendition) -> None:
        try:
            async with self._turn:
                await rendition.begin()
                await rendition.finished()
        except ServiceError as error:
            log.warning("prerender_failed", key=rendition.key, detail=error.detail)
        finally:
            await rendition.close()
