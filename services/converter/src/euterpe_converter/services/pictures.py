"""Pictures of songs."""

import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace

from euterpe_service_kit.object_store import ObjectStore

from euterpe_converter.clients.library import LibraryClient
from euterpe_converter.domain.picture import Picture
from euterpe_converter.domain.requester import Listener
from euterpe_converter.rendering.job import canonical
from euterpe_converter.rendering.midi_reader import MidiReader

#: Raised when pictures come to look different.
DRAWER = "euterpe-pictures 2"
_KEPT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that can be drawn; `digest` (hexadecimal) changes whenever a byte of it does."""

    picture: Picture
    digest: str
    draw: Callable[[], Awaitable[bytes]]


class PictureService:
    """Draws piano rolls, in a process of its own beside the one that reads files for audio; keeps the latest."""

    def __init__(self, *, library: LibraryClient, store: ObjectStore, reader: MidiReader) -> None:
        self._library, self._store, self._reader = library, store, reader
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def of_song(self, song_id: uuid.UUID, wish: Picture, listener: Listener) -> Drawing:
        """The picture of a song that this listener may read, in the song's own words. Raises NotFound, Unavailable;
        `draw` raises Unprocessable when the song exceeds the limits.
        """
        song = await self._library.resolve(song_id, listener)
        picture = replace(wish, title=song.title, author=song.author if wish.card else "")
        deciding = {"drawer": DRAWER, "midi": song.midi_sha256, "picture": asdict(picture)}
        digest = hashlib.sha256(canonical(deciding).encode()).hexdigest()

        async def draw() -> bytes:
            if digest not in self._kept:
                midi = await self._store.get(song.midi_key)
                self._keep(digest, await self._reader.picture(midi, picture, field="path.song_id"))
            self._kept.move_to_end(digest)
            return self._kept[digest]

        return Drawing(picture, digest, draw)

    def _keep(self, digest: str, content: bytes) -> None:
        self._kept[digest] = content
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _KEPT_BYTES:
            self._kept.popitem(last=False)
