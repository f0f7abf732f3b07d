"""Audio of songs and of uploads: found in the object store, or rendered into it."""

import uuid
from collections.abc import Awaitable, Callable

from euterpe_service_kit.errors import Unprocessable
from euterpe_service_kit.object_store import ObjectStore

from euterpe_converter.clients.library import LibraryClient
from euterpe_converter.domain.audio import Tags, Wish
from euterpe_converter.domain.requester import Listener
from euterpe_converter.errors import DownloadNotAllowed
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.cache import RenditionCache
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.midi_reader import MidiReader
from euterpe_converter.rendering.pool import RenderPool
from euterpe_converter.rendering.renderer import Renderer
from euterpe_converter.rendering.request import RenderRequest, midi_digest, rendition_key
from euterpe_converter.rendering.soundfont import SoundFontEntry, SoundFontSource
from euterpe_converter.rendering.stream_buffer import Reel
from euterpe_converter.rendering.synth_worker_pool import Stages
from euterpe_converter.services.rendition import Rendition

#: Gives the MIDI file, when it is needed after all.
LoadMidi = Callable[[], Awaitable[bytes]]


class AudioService:
    """The converter's use cases."""

    def __init__(
        self,
        *,
        library: LibraryClient,
        store: ObjectStore,
        cache: RenditionCache,
        reader: MidiReader,
        soundfonts: SoundFontSource,
        stages: Stages,
        renderer: Renderer,
        pool: RenderPool,
        metrics: Metrics,
    ) -> None:
        self._library, self._store, self._cache = library, store, cache
        self._reader, self._soundfonts, self._stages = reader, soundfonts, stages
        self._renderer, self._pool, self._metrics = renderer, pool, metrics

    async def soundfonts(self) -> list[SoundFontEntry]:
        """What can be rendered with."""
        return await self._soundfonts.entries()

    async def of_song(self, song_id: uuid.UUID, wish: Wish, listener: Listener, *, download: bool = False) -> Rendition:
        """The audio of a song that this listener may read. Nothing is rendered before `Rendition.begin`.

        Raises NotFound, DownloadNotAllowed, Unprocessable when the song exceeds the limits or the wish names no
        SoundFont, Unavailable.
        """
        song = await self._library.resolve(song_id, listener)
        if download and not song.download_allowed:
            raise DownloadNotAllowed

        async def load() -> bytes:
            return await self._store.get(song.midi_key)

        tags = Tags(title=song.title, artist=song.author, seed=song.seed)
        return await self._obtain(song.midi_sha256, wish, tags, load, field_name="path.song_id")

    async def of_midi(self, midi: bytes, wish: Wish, tags: Tags, *, field_name: str = "body.file") -> Rendition:
        """The audio of a MIDI file. The same file gives the same object, however often it is sent.

        Raises Unprocessable when it is no MIDI or exceeds the limits, Unavailable.
        """

        async def load() -> bytes:
            return midi

        return await self._obtain(midi_digest(midi), wish, tags, load, field_name=field_name)

    async def _obtain(self, digest: str, wish: Wish, tags: Tags, load: LoadMidi, *, field_name: str) -> Rendition:
        soundfont = await self._soundfonts.named(wish.soundfont)
        request = RenderRequest(digest, wish.encoding, wish.synthesis, tags)
        key = rendition_key(request, soundfont, await self._stages.versions(soundfont))
        stored = await self._cache.find(key)
        self._metrics.lookups.labels("hit" if stored else "miss").inc()
        job: RenderJob | None = None
        if stored is None:
            # Read before it queues: a bad file is told at once, however long the queue is.
            midi = await load()
            try:
                seconds = await self._reader.seconds(midi, field=field_name)
            except Unprocessable:
                self._metrics.failures.labels("midi").inc()
                raise
            frames = wish.synthesis.frames(seconds, wish.encoding.sample_rate)
            job = RenderJob(midi, frames, wish.encoding, wish.synthesis, request.body_tags)

        async def render(reel: Reel) -> None:
            assert job is not None
            await self._renderer.render(key, job, soundfont, reel)

        return Rendition(
            key=key,
            encoding=wish.encoding,
            tags=tags,
            title=tags.title,
            cache=self._cache,
            metrics=self._metrics,
            stored=stored,
            frames=None if job is None or wish.synthesis.trim else job.frames,
            origin=(self._pool, render),
        )
