"""Export of all data of a user as a ZIP archive, created while it is sent."""

import asyncio
import itertools
import json
import unicodedata
import zipfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from euterpe_service_kit.archives import ArchiveSink
from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectNotFound, ObjectStore

from euterpe_library.domain.filters import Liked, Mine, Scope, SongFilter, Sort
from euterpe_library.domain.song import Song
from euterpe_library.domain.titles import fold
from euterpe_library.storage.activity import ActivityRepository
from euterpe_library.storage.listing import SongListingRepository
from euterpe_library.storage.versions import VersionRepository

#: Songs whose files are fetched concurrently and held in memory.
_CONCURRENT_FILES = 8
#: With four bytes each, a name of this length fits into a file system's 255 bytes.
_SLUG_CHARACTERS = 55
#: Internal fields of a song.
_INTERNAL = ("source_id", "midi_key", "original_key", "deleted_at", "liked")


class Exporter:
    """Writes archives. No transaction is open while bytes are sent."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def archive(self, owner_id: str) -> AsyncIterator[bytes]:
        """Yield the archive in chunks: `songs/*.mid` with `songs/*.json`, and `listener.json` with everything else.

        Imported songs also have the file as it was uploaded, `songs/*.original.mid`, and edited ones their earlier
        versions, `songs/*.v1.mid` and so on.

        Raises Unavailable when the database or S3 fails; the archive then lacks its end, so that clients detect
        that it is incomplete.
        """
        sink = ArchiveSink()
        missing: list[str] = []
        numbers = itertools.count(1)
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            async for songs in self._pages(Mine(owner_id), _CONCURRENT_FILES):
                contents = await asyncio.gather(*map(self._content, songs))
                for song, content in zip(songs, contents, strict=True):
                    name = f"songs/{next(numbers):05}-{_slug(song.title)}"
                    archive.writestr(f"{name}.json", _json(_described(song)))
                    for extension, data in content.items():
                        if data is not None:
                            archive.writestr(name + extension, data)
                    if None in content.values():
                        missing.append(str(song.id))
                yield sink.take()
            archive.writestr("listener.json", _json(await self._activity(owner_id) | {"missing_files": missing}))
        yield sink.take()

    async def _pages(self, scope: Scope, size: int) -> AsyncIterator[tuple[Song, ...]]:
        after = None
        while True:
            async with self._database.readers() as session:
                repository = SongListingRepository(session, scope, SongFilter())
                page = await repository.page(Sort.NEWEST, limit=size, after=after, reader_id=None)
            yield page.items
            after = page.next
            if after is None:
                return

    async def _content(self, song: Song) -> dict[str, bytes | None]:
        """Return a song's files by extension; None where an object is missing."""
        keys = {".mid": song.midi_key} | ({".original.mid": song.original_key} if song.original_key else {})
        if song.current_version > 1:
            async with self._database.readers() as session:
                earlier = await VersionRepository(session).earlier_keys(song.id)
            keys |= {f".v{number}.mid": key for number, key in sorted(earlier.items())}
        return {extension: await self._object(key) for extension, key in keys.items()}

    async def _object(self, key: str) -> bytes | None:
        try:
            return await self._store.get(key)
        except ObjectNotFound:
            return None

    async def _activity(self, owner_id: str) -> dict[str, Any]:
        async with self._database.readers() as session:
            activity = await ActivityRepository(session).of_user(owner_id)
        liked = [str(song.id) async for page in self._pages(Liked(owner_id), 100) for song in page]
        return activity | {"liked_songs": liked}


def _described(song: Song) -> dict[str, Any]:
    return {name: value for name, value in asdict(song).items() if name not in _INTERNAL}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _slug(title: str) -> str:
    """Return a file name of lower-case words; Latin letters lose their accents, other scripts stay as they are."""
    folded = fold(title)
    text = folded if folded.isascii() else unicodedata.normalize("NFC", title).lower()
    words = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in text).split()
    return "-".join(words)[:_SLUG_CHARACTERS].strip("-") or "song"
