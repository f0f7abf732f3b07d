"""Audio of songs and of uploads: found in the object store, or rendered into it."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from euterpe_service_kit.object_store import ObjectInfo, ObjectStore

from euterpe_converter.clients.library import LibraryClient
from euterpe_converter.domain.audio import AudioFormat, Rendition
from euterpe_converter.errors import RenderTimeout
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache
from euterpe_converter.rendering.key import rendition_key
from euterpe_converter.rendering.midi_reader import MidiReader
from euterpe_converter.rendering.pipeline import Renderer, RenderJob
from euterpe_converter.rendering.pool import RenderPool
from euterpe_converter.rendering.request import RenderRequest, midi_digest
from euterpe_converter.rendering.soundfont import SoundFontSource
from euterpe_converter.rendering.tools import Toolchain

#: Gives the MIDI file, when it is needed after all.
LoadMidi = Callable[[], Awaitable[bytes]]


class AudioService:
    """The converter's use cases."""

    def __init__(
        self,
        *,
        library: LibraryClient,
        store: ObjectStore,
        reader: MidiReader,
        soundfonts: SoundFontSource,
        tools: Toolchain,
        renderer: Renderer,
        pool: RenderPool[ObjectInfo],
        metrics: Metrics,
    ) -> None:
        self._library = library
        self._store = store
        self._cache = RenditionCache(store)
        self._reader = reader
        self._soundfonts = soundfonts
        self._tools = tools
        self._renderer = renderer
        self._pool = pool
        self._metrics = metrics

    async def of_song(self, song_id: uuid.UUID, audio_format: AudioFormat, listener_id: str | None) -> Rendition:
        """The audio of a song that this listener may read.

        Raises NotFound, Unprocessable when the song exceeds the limits, RenderFailed, Unavailable.
        """
        song = await self._library.resolve(song_id, listener_id)

        async def load() -> bytes:
            return await self._store.get(song.midi_key)

        request = RenderRequest(song.midi_sha256, audio_format)
        return await self._obtain(request, load, title=song.title, field="path.song_id")

    async def of_upload(self, midi: bytes, audio_format: AudioFormat, title: str) -> Rendition:
        """The audio of an uploaded MIDI file. The same file gives the same object, however often it is sent.

        Raises Unprocessable when it is no MIDI or exceeds the limits, RenderFailed, Unavailable.
        """

        async def load() -> bytes:
            return midi

        request = RenderRequest(midi_digest(midi), audio_format)
        return await self._obtain(request, load, title=title, field="body.file")

    async def _obtain(self, request: RenderRequest, load: LoadMidi, *, title: str, field: str) -> Rendition:
        soundfont = await self._soundfonts.current()
        key = rendition_key(request, soundfont, await self._tools.versions())
        found = await self._cache.find(key)
        self._metrics.lookups.labels("hit" if found else "miss").inc()
        if found is None:
            # Read before it queues: a bad file is told at once, however long the queue is.
            midi = await load()
            seconds = await self._reader.seconds(midi, field=field)
            job = RenderJob(midi, seconds, soundfont, request.format, request.synthesis)
            found = await self._pool.run(key, lambda: self._render(key, job))
        return Rendition(key, found.size_bytes, request.format, title)

    async def _render(self, key: str, job: RenderJob) -> ObjectInfo:
        # An equal request may have ended between this one's lookup and its turn.
        if found := await self._cache.find(key):
            return found
        with self._measured(job):
            audio = await self._renderer.render(job)
        with audio:
            return await self._cache.keep(key, audio, job.format)

    @contextmanager
    def _measured(self, job: RenderJob) -> Iterator[None]:
        started, result = time.perf_counter(), "failed"
        try:
            yield
            result = "ok"
            self._metrics.audio_seconds.inc(job.frames / job.synthesis.sample_rate)
        except RenderTimeout:
            result = "timeout"
            raise
        except asyncio.CancelledError:
            result = "cancelled"
            raise
        finally:
            self._metrics.renders.labels(job.format.value, result).inc()
            self._metrics.render_seconds.labels(job.format.value).observe(time.perf_counter() - started)
