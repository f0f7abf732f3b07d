"""Stems of songs as a ZIP archive, created while it is sent."""

import uuid
import zipfile
from collections.abc import AsyncGenerator

from euterpe_service_kit.archives import ArchiveSink
from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.object_store import ObjectStore

from euterpe_converter.clients.library import LibraryClient, StoredSong
from euterpe_converter.domain.audio import RenderOptions
from euterpe_converter.domain.requester import Requester
from euterpe_converter.domain.stems import MAX_STEM_SECONDS, MAX_STEMS, Stems
from euterpe_converter.errors import DownloadNotAllowed
from euterpe_converter.rendering.midi_reader import MidiReader
from euterpe_converter.services.audio import AudioService

#: ZIP states a time of each file; equal songs give equal archives.
_DATE = (1980, 1, 1, 0, 0, 0)
_MIDI = "mid"


class StemArchive:
    """The stems of a song, as MIDI files or, with `options`, as audio."""

    def __init__(
        self, song: StoredSong, stems: Stems, options: RenderOptions | None, audio: AudioService, requester: Requester
    ) -> None:
        self.title = song.title
        self._song, self._stems, self._options = song, stems, options
        self._audio, self._requester = audio, requester

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the archive as it is created; a render ends when the generator is closed.

        Raises RenderQueueFull, TooManyRenders, RenderBudgetReached, RenderFailed.
        """
        sink = ArchiveSink()
        # Audio is not compressed again.
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for stem in self._stems.items:
                if self._options is None:
                    archive.writestr(zipfile.ZipInfo(stem.file_name(_MIDI), _DATE), stem.midi)
                    yield sink.take()
                    continue
                extension = self._options.encoding.format.value
                rendition = await self._audio.for_stem(self._song, self._stems, stem, self._options, self._requester)
                try:
                    await rendition.start()
                    with archive.open(zipfile.ZipInfo(stem.file_name(extension), _DATE), "w") as file:
                        async for chunk in rendition.read():
                            file.write(chunk)
                            yield sink.take()
                finally:
                    await rendition.close()
        yield sink.take()


class StemService:
    """Divides songs into stems."""

    def __init__(self, *, library: LibraryClient, store: ObjectStore, reader: MidiReader, audio: AudioService) -> None:
        self._library, self._store, self._reader, self._audio = library, store, reader, audio

    async def for_song(self, song_id: uuid.UUID, options: RenderOptions | None, requester: Requester) -> StemArchive:
        """Return the stems of a song that the requester may download; without `options`, MIDI files.

        Raises NotFound, DownloadNotAllowed, Unavailable, and Unprocessable when the song exceeds a limit.
        """
        song = await self._library.resolve(song_id, requester)
        if not song.download_allowed:
            raise DownloadNotAllowed
        stems = await self._reader.stems(await self._store.get(song.midi_key), field="path.song_id")
        if options is not None:
            _check_limits(stems)
        return StemArchive(song, stems, options, self._audio, requester)


def _check_limits(stems: Stems) -> None:
    count, seconds = len(stems.items), stems.seconds * len(stems.items)
    if count <= MAX_STEMS and seconds <= MAX_STEM_SECONDS:
        return
    message = (
        f"audio of at most {MAX_STEMS} tracks that last {MAX_STEM_SECONDS / 60:.0f} minutes together; "
        f"the song has {count} tracks that last {seconds / 60:.0f} minutes; download the stems as MIDI"
    )
    limits = {"max_tracks": MAX_STEMS, "max_seconds": MAX_STEM_SECONDS}
    raise Unprocessable(f"path.song_id: {message}", fields=[FieldProblem("path.song_id", message, limits)])
