"""Piano roll pictures of songs."""

import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace

from euterpe_service_kit.object_store import ObjectStore

from euterpe_converter.clients.library import LibraryClient
from euterpe_converter.domain.picture import Picture
from euterpe_converter.domain.requester import Requester
from euterpe_converter.rendering.job import canonical
from euterpe_converter.rendering.midi_reader import MidiReader

#: Part of every picture's digest; increment when the drawing code changes its output.
_DRAWING_VERSION = "euterpe-pictures 3"
_CACHE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LazyPicture:
    """A picture that is drawn on request. `digest` (hexadecimal) identifies its bytes."""

    picture: Picture
    digest: str
    draw: Callable[[], Awaitable[bytes]]


class PictureService:
    """Draws piano rolls in a separate process, so that audio requests do not wait for them; caches the latest."""

    def __init__(self, *, library: LibraryClient, store: ObjectStore, reader: MidiReader) -> None:
        self._library, self._store, self._reader = library, store, reader
        self._cache: OrderedDict[str, bytes] = OrderedDict()

    async def for_song(self, song_id: uuid.UUID, options: Picture, requester: Requester) -> LazyPicture:
        """Return the picture of a song that the requester may read.

        Raises NotFound, Unavailable; `draw` raises Unprocessable when the song exceeds a limit.
        """
        song = await self._library.resolve(song_id, requester)
        picture = replace(options, title=song.title, author=song.author if options.card else "")
        inputs = {"drawer": _DRAWING_VERSION, "midi": song.midi_sha256, "picture": asdict(picture)}
        digest = hashlib.sha256(canonical(inputs).encode()).hexdigest()

        async def draw() -> bytes:
            if digest not in self._cache:
                midi = await self._store.get(song.midi_key)
                self._store_in_cache(digest, await self._reader.picture(midi, picture, field="path.song_id"))
            self._cache.move_to_end(digest)
            return self._cache[digest]

        return LazyPicture(picture, digest, draw)

    def _store_in_cache(self, digest: str, content: bytes) -> None:
        self._cache[digest] = content
        while len(self._cache) > 1 and sum(map(len, self._cache.values())) > _CACHE_BYTES:
            self._cache.popitem(last=False)
