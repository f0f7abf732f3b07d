"""Writes a rendition into the object store while it grows; it becomes visible whole or not at all."""

import asyncio
from types import TracebackType

from euterpe_service_kit.object_store import ObjectStore

#: S3 wants parts of at least 5 MiB. What is smaller is written at once, which is atomic too.
PART_BYTES = 8 * 1024 * 1024


class Upload:
    """A context; what was begun and not completed when it ends is undone."""

    def __init__(self, store: ObjectStore, key: str, content_type: str, metadata: dict[str, str]) -> None:
        self._store, self._key = store, key
        self._content_type, self._metadata = content_type, metadata
        self._held = bytearray()
        self._upload_id: str | None = None
        self._tags: list[str] = []
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Upload":
        return self

    async def write(self, data: bytes) -> None:
        """The next bytes. Waits only while the part before the last is still being sent. Raises Unavailable."""
        self._held += data
        if len(self._held) >= PART_BYTES:
            await self._sent()
            part = bytes(self._held)
            self._held.clear()
            self._sending = asyncio.create_task(self._send(part))

    async def complete(self) -> None:
        """Makes the object visible. Raises Unavailable."""
        await self._sent()
        rest = bytes(self._held)
        if self._upload_id is None:
            await self._store.put(self._key, rest, content_type=self._content_type, metadata=self._metadata)
            return
        if rest:
            await self._send(rest)
        await self._store.complete_parts(self._key, self._upload_id, self._tags)
        self._upload_id = None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sending is not None:
            await asyncio.gather(self._sending, return_exceptions=True)
        if self._upload_id is not None:
            await asyncio.shield(self._store.abort_parts(self._key, self._upload_id))

    async def _sent(self) -> None:
        if self._sending is not None:
            sending, self._sending = self._sending, None
            await sending

    async def _send(self, part: bytes) -> None:
        if self._upload_id is None:
            self._upload_id = await self._store.begin_parts(
                self._key, content_type=self._content_type, metadata=self._metadata
            )
        number = len(self._tags) + 1
        self._tags.append(await self._store.put_part(self._key, self._upload_id, number, part))
