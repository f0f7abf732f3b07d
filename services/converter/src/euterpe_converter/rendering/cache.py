"""The cache of renditions: in the object store under their content addresses, the latest also in memory."""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from euterpe_service_kit.object_store import ObjectStore

from euterpe_converter.domain.audio import Encoding
from euterpe_converter.rendering.upload import Upload

_FRAMES = "frames"
# About a hundred bytes each.
_MAX_KNOWN = 50_000


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Frames of audio and bytes of a stored body."""

    frames: int
    size_bytes: int


class RenditionCache:
    """Objects become visible when complete and never change, so cached facts stay valid until they are removed."""

    def __init__(self, store: ObjectStore, *, memory_bytes: int) -> None:
        self._store = store
        self._max_bytes = memory_bytes
        self._known: OrderedDict[str, StoredBody] = OrderedDict()
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    async def find(self, key: str) -> StoredBody | None:
        """Look up a rendition; None when it is not stored. Raises Unavailable."""
        known = self._known.get(key)
        if known is None:
            info = await self._store.head(key)
            if info is None or not info.metadata.get(_FRAMES, "").isdecimal():
                return None
            known = StoredBody(int(info.metadata[_FRAMES]), info.size_bytes)
            self._remember(key, known)
        return known

    def peek(self, key: str) -> StoredBody | None:
        """Look up a rendition without asking the object store."""
        return self._known.get(key)

    def upload(self, key: str, encoding: Encoding, frames: int) -> Upload:
        """Create an upload that stores a body while it is rendered."""
        return Upload(self._store, key, encoding.format.spec.content_type, {_FRAMES: str(frames)})

    def add(self, key: str, stored: StoredBody, content: bytes | None) -> None:
        """Add a body that has been stored; its bytes are kept in memory where there is room."""
        self._remember(key, stored)
        if content is None or len(content) > self._max_bytes // 4 or key in self._bodies:
            return
        self._bodies[key] = content
        self._size += len(content)
        while self._size > self._max_bytes:
            _, oldest = self._bodies.popitem(last=False)
            self._size -= len(oldest)

    def discard(self, key: str) -> None:
        """Remove a rendition whose object was removed."""
        self._known.pop(key, None)
        self._size -= len(self._bodies.pop(key, b""))

    async def read(self, key: str, first: int, last: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes `first` to `last`, both included. Raises ObjectNotFound, Unavailable."""
        body = self._bodies.get(key)
        if body is not None:
            self._bodies.move_to_end(key)
            yield body[first : last + 1]
            return
        async for chunk in self._store.stream(key, first=first, last=last):
            yield chunk

    def _remember(self, key: str, known: StoredBody) -> None:
        self._known[key] = known
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
