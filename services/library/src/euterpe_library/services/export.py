"""Everything of a listener's as a ZIP archive, made while it is sent."""

import asyncio
import io
import itertools
import json
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectNotFound, ObjectStore

from euterpe_library.domain.filters import Liked, Mine, Scope, SongFilter, Sort
from euterpe_library.domain.song import Song
from euterpe_library.domain.titles import fold
from euterpe_library.storage.activity import Activity
from euterpe_library.storage.listing import SongListing

#: Songs whose files are fetched, and held in memory, at once.
_AT_ONCE = 8
#: Where a song lies in S3, and who asked for it, is nobody's but ours.
_INTERNAL = ("source_id", "midi_key", "deleted_at", "liked")


class Exporter:
    """Writes archives. No transaction is open while bytes are sent."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def archive(self, owner_id: str) -> AsyncIterator[bytes]:
        """The archive in pieces: `songs/*.mid` with `songs/*.json`, and `listener.json` about all else.

        Raises Unavailable in its midst when the database or S3 go away: the archive then lacks its end, so that
        nobody takes it for whole.
        """
        sink = _Sink()
        missing: list[str] = []
        numbers = itertools.count(1)
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            async for songs in self._pages(Mine(owner_id), _AT_ONCE):
                contents = await asyncio.gather(*map(self._content, songs))
                for song, content in zip(songs, contents, strict=True):
                    name = f"songs/{next(numbers):05}-{_slug(song.title)}"
                    archive.writestr(f"{name}.json", _json(_described(song)))
                    if content is None:
                        missing.append(str(song.id))
                    else:
                        archive.writestr(f"{name}.mid", content)
                yield sink.taken()
            archive.writestr("listener.json", _json(await self._listener(owner_id) | {"missing_files": missing}))
        yield sink.taken()

    async def _pages(self, scope: Scope, size: int) -> AsyncIterator[tuple[Song, ...]]:
        after = None
        while True:
            async with self._database.readers() as session:
                listing = SongListing(session, scope, SongFilter())
                page = await listing.page(Sort.NEWEST, limit=size, after=after, reader_id=None)
            yield page.items
            after = page.next
            if after is None:
                return

    async def _content(self, song: Song) -> bytes | None:
        try:
            return await self._store.get(song.midi_key)
        except ObjectNotFound:
            return None

    async def _listener(self, owner_id: str) -> dict[str, Any]:
        async with self._database.readers() as session:
            activity = await Activity(session).of(owner_id)
        liked = [str(song.id) async for page in self._pages(Liked(owner_id), 100) for song in page]
        return activity | {"liked_songs": liked}


class _Sink(io.RawIOBase):
    """A file that only grows, and from whose beginning what was written is taken."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        """For zipfile."""
        return True

    def write(self, data: Any) -> int:
        """For zipfile, which learns from the missing `seek` that it cannot go back."""
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last call."""
        data = bytes(self._written)
        self._written.clear()
        return data


def _described(song: Song) -> dict[str, Any]:
    return {name: value for name, value in asdict(song).items() if name not in _INTERNAL}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(title))[:60].strip("-") or "song"
