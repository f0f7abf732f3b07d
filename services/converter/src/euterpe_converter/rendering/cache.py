"""Finished renditions in the object store."""

from typing import IO

from euterpe_service_kit.object_store import ObjectInfo, ObjectStore

from euterpe_converter.domain.audio import AudioFormat


class RenditionCache:
    """Renditions under their content addresses. An object is there whole or not at all."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def find(self, key: str) -> ObjectInfo | None:
        """What is known of a rendition; None when it is not there. Raises Unavailable."""
        return await self._store.head(key)

    async def keep(self, key: str, audio: IO[bytes], audio_format: AudioFormat) -> ObjectInfo:
        """Stores a rendition from a seekable file. Raises Unavailable."""
        size = audio.seek(0, 2)
        audio.seek(0)
        await self._store.put(key, audio, content_type=audio_format.content_type)
        return ObjectInfo(key, size, audio_format.content_type)
