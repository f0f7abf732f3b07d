"""Scores of songs: MusicXML, ABC, and engraved pages."""

import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, replace
from typing import Any

from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.object_store import ObjectStore

from euterpe_converter.clients.library import LibraryClient
from euterpe_converter.domain.requester import Requester
from euterpe_converter.domain.score import ScoreFormat, ScoreOptions, WrittenScore
from euterpe_converter.errors import DownloadNotAllowed
from euterpe_converter.rendering.job import canonical
from euterpe_converter.rendering.midi_reader import MidiReader
from euterpe_converter.rendering.pool import RenderPool
from euterpe_converter.rendering.stream_buffer import StreamBuffer

#: Part of every score's digest; increment when our code or verovio changes the output.
_SCORE_VERSION = "euterpe-scores 1"
_CACHE_BYTES = 32 * 1024 * 1024
_MAX_COMPOSER_LENGTH = 200
#: The name that tokens give every guest.
_GUEST = "Guest"
_SPANISH_GUEST = "Invitado"


@dataclass(frozen=True, slots=True)
class LazyScore:
    """A score that is written on request. `digest` (hexadecimal) identifies its bytes."""

    options: ScoreOptions
    digest: str
    write: Callable[[], Coroutine[Any, Any, WrittenScore]]


class ScoreService:
    """Writes scores in a separate process; they take turns with renders, and the latest are cached."""

    def __init__(self, *, library: LibraryClient, store: ObjectStore, reader: MidiReader, pool: RenderPool) -> None:
        self._library, self._store, self._reader, self._pool = library, store, reader, pool
        self._cache: OrderedDict[str, WrittenScore] = OrderedDict()

    async def for_song(self, song_id: uuid.UUID, options: ScoreOptions, requester: Requester) -> LazyScore:
        """Return the score of a song that the requester may read; files other than SVG are downloads.

        Raises NotFound, DownloadNotAllowed, Unavailable; `write` raises Unprocessable when the song exceeds a limit or
        cannot be written, RenderQueueFull and TooManyRenders.
        """
        song = await self._library.resolve(song_id, requester)
        if options.format is not ScoreFormat.SVG and not song.download_allowed:
            raise DownloadNotAllowed
        is_translated = song.author == _GUEST and options.language == "es"
        composer = _SPANISH_GUEST if is_translated else song.author[:_MAX_COMPOSER_LENGTH]
        wanted = replace(options, title=song.title, composer=composer)
        inputs = {"writer": _SCORE_VERSION, "midi": song.midi_sha256, "score": asdict(wanted)}
        digest = hashlib.sha256(canonical(inputs).encode()).hexdigest()

        async def write() -> WrittenScore:
            if digest not in self._cache:
                midi = await self._store.get(song.midi_key)
                self._store_in_cache(digest, await self._written(digest, midi, wanted, requester))
            self._cache.move_to_end(digest)
            return self._cache[digest]

        return LazyScore(wanted, digest, write)

    async def _written(self, digest: str, midi: bytes, options: ScoreOptions, requester: Requester) -> WrittenScore:
        async def job(buffer: StreamBuffer) -> None:
            written = await self._reader.score(midi, options, field="path.song_id")
            buffer.start(written.pages)
            buffer.append(written.content)
            buffer.finish()

        async with self._pool.subscribe(f"score/{digest}", job, requester) as buffer:
            pages = await buffer.wait_started()
            await buffer.wait_finished()
            content = buffer.content()
        assert content is not None, "scores are smaller than the window of a stream buffer"
        if not content:
            message = f"the score has {pages} pages"
            raise Unprocessable(f"query.page: {message}", fields=[FieldProblem("query.page", message, {"max": pages})])
        return WrittenScore(content, pages)

    def _store_in_cache(self, digest: str, written: WrittenScore) -> None:
        self._cache[digest] = written
        while len(self._cache) > 1 and sum(len(each.content) for each in self._cache.values()) > _CACHE_BYTES:
            self._cache.popitem(last=False)
