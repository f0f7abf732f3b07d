"""Audio of songs and uploads: read from the cache, or rendered into it."""

import uuid
from collections.abc import Awaitable, Callable

from euterpe_service_kit.errors import Unprocessable
from euterpe_service_kit.midi_artifacts import midi_digest
from euterpe_service_kit.object_store import ObjectStore

from euterpe_converter.clients.library import LibraryClient, StoredSong
from euterpe_converter.domain.audio import RenderOptions, Tags
from euterpe_converter.domain.limits import BudgetUsage
from euterpe_converter.domain.requester import Requester
from euterpe_converter.domain.stems import Stem, Stems
from euterpe_converter.errors import DownloadNotAllowed
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.budget import RenderBudget
from euterpe_converter.rendering.cache import RenditionCache
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.midi_reader import MidiReader
from euterpe_converter.rendering.pool import RenderPool
from euterpe_converter.rendering.renderer import Renderer
from euterpe_converter.rendering.request import RenderRequest, rendition_key
from euterpe_converter.rendering.soundfont import SoundFontEntry, SoundFontSource
from euterpe_converter.rendering.stream_buffer import StreamBuffer
from euterpe_converter.rendering.synth_worker_pool import SynthWorkerPool
from euterpe_converter.services.rendition import Rendition

#: Loads the MIDI file; called only when it has to be rendered.
LoadMidi = Callable[[], Awaitable[bytes]]


class AudioService:
    """Use cases of audio."""

    def __init__(
        self,
        *,
        library: LibraryClient,
        store: ObjectStore,
        cache: RenditionCache,
        reader: MidiReader,
        soundfonts: SoundFontSource,
        workers: SynthWorkerPool,
        renderer: Renderer,
        pool: RenderPool,
        budget: RenderBudget,
        metrics: Metrics,
    ) -> None:
        self._library, self._store, self._cache = library, store, cache
        self._reader, self._soundfonts, self._workers = reader, soundfonts, workers
        self._renderer, self._pool, self._budget, self._metrics = renderer, pool, budget, metrics

    def usage(self, requester: Requester) -> BudgetUsage:
        """Return how much of the requester's budget of rendered audio is used."""
        return self._budget.usage(requester)

    async def soundfonts(self) -> list[SoundFontEntry]:
        """List the available SoundFonts."""
        return await self._soundfonts.entries()

    async def for_song(
        self, song_id: uuid.UUID, options: RenderOptions, requester: Requester, *, download: bool = False
    ) -> Rendition:
        """Return the audio of a song that the requester may read. Rendering begins with `Rendition.start`.

        Raises NotFound, DownloadNotAllowed, Unavailable, and Unprocessable when the song exceeds a limit or the
        SoundFont does not exist.
        """
        song = await self._library.resolve(song_id, requester)
        if download and not song.download_allowed:
            raise DownloadNotAllowed

        async def load() -> bytes:
            return await self._store.get(song.midi_key)

        tags = Tags(title=song.title, artist=song.author, seed=song.seed)
        return await self._obtain(song.midi_sha256, options, tags, load, requester, field_name="path.song_id")

    async def for_midi(
        self,
        midi: bytes,
        options: RenderOptions,
        tags: Tags,
        requester: Requester,
        *,
        field_name: str = "body.file",
    ) -> Rendition:
        """Return the audio of a MIDI file. Equal files and options share one rendition.

        Raises Unavailable, and Unprocessable when the file is not MIDI or exceeds a limit.
        """

        async def load() -> bytes:
            return midi

        return await self._obtain(midi_digest(midi), options, tags, load, requester, field_name=field_name)

    async def for_stem(
        self, song: StoredSong, stems: Stems, stem: Stem, options: RenderOptions, requester: Requester
    ) -> Rendition:
        """Return the audio of one track of a song, as long as that of the song. Raises as `for_midi` does."""

        async def load() -> bytes:
            return stem.midi

        tags = Tags(title=f"{song.title} – {stem.name}", artist=song.author, seed=song.seed)
        whole = (stem.number, stems.seconds)
        return await self._obtain(
            song.midi_sha256, options, tags, load, requester, field_name="path.song_id", stem=whole
        )

    async def _obtain(
        self,
        digest: str,
        options: RenderOptions,
        tags: Tags,
        load: LoadMidi,
        requester: Requester,
        *,
        field_name: str,
        stem: tuple[int, float] | None = None,
    ) -> Rendition:
        """Look up or prepare a rendition; `stem` is the position of a track and the duration of its song."""
        soundfont = await self._soundfonts.named(options.soundfont)
        request = RenderRequest(digest, options.encoding, options.synthesis, tags, None if stem is None else stem[0])
        key = rendition_key(request, soundfont, await self._workers.versions(soundfont))
        stored = await self._cache.find(key)
        self._metrics.lookups.labels("hit" if stored else "miss").inc()
        job: RenderJob | None = None
        if stored is None:
            # Read before queueing: an unreadable file is refused at once, however long the queue is.
            midi = await load()
            try:
                seconds, midi = await self._reader.canonical(
                    midi, field=field_name, programs=options.synthesis.programs
                )
            except Unprocessable:
                self._metrics.failures.labels("midi").inc()
                raise
            seconds = seconds if stem is None else stem[1]
            frames = options.synthesis.frames(seconds, options.encoding.sample_rate)
            job = RenderJob(midi, frames, options.encoding, options.synthesis, request.body_tags)

        async def render(buffer: StreamBuffer) -> None:
            assert job is not None
            await self._renderer.render(key, job, soundfont, buffer)

        return Rendition(
            key=key,
            encoding=options.encoding,
            tags=tags,
            title=tags.title,
            cache=self._cache,
            metrics=self._metrics,
            stored=stored,
            frames=None if job is None or options.synthesis.trim else job.frames,
            origin=(self._pool, render),
            requester=requester,
        )
