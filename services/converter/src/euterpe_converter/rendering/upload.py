"""Uploads a rendition to the object store while it is rendered; it becomes visible when complete."""

import asyncio
from types import TracebackType

from euterpe_service_kit.object_store import ObjectStore

#: S3 requires parts of at least 5 MiB. Smaller files are written with one request.
PART_BYTES = 8 * 1024 * 1024


class Upload:
    """An upload as a context; an upload that was not completed is aborted when the context ends."""

    def __init__(self, store: ObjectStore, key: str, content_type: str, metadata: dict[str, str]) -> None:
        self._store, self._key = store, key
        self._content_type, self._metadata = content_type, metadata
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._tags: list[str] = []
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Upload":
        return self

    async def write(self, data: bytes) -> None:
        """Add the next bytes. Waits only while an earlier part is still being sent. Raises Unavailable."""
        self._buffer += data
        if len(self._buffer) >= PART_BYTES:
            await self._wait_sent()
            part = bytes(self._buffer)
            self._buffer.clear()
            self._sending = asyncio.create_task(self._send(part))

    async def complete(self) -> None:
        """Make the object visible. Raises Unavailable."""
        await self._wait_sent()
        rest = bytes(self._buffer)
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

    async def _wait_sent(self) -> None:
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
