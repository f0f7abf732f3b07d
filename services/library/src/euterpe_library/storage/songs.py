"""Reading and writing single songs. Deleted ones are invisible here, except to registration and restoring."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain import terms
from euterpe_library.domain.details import Visibility
from euterpe_library.domain.song import RESTORABLE, Song, Transfer
from euterpe_library.storage.columns import searchable, select_songs, song_of
from euterpe_library.storage.matching import readable_by
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import DeletedListenerRow, PlaylistRow


class SongRepository:
    """Songs of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def is_deleted_listener(self, listener_id: str) -> bool:
        """Whether the listener's account is gone. Waits for a deletion that is beginning, and keeps one waiting."""
        lock = func.pg_advisory_xact_lock_shared(func.hashtextextended(f"listener:{listener_id}", 0))
        await self._session.execute(select(lock))
        gone = select(exists().where(DeletedListenerRow.listener_id == listener_id))
        return bool(await self._session.scalar(gone))

    async def find(self, song_id: uuid.UUID, reader_id: str | None) -> Song | None:
        """A song that the reader may read: one's own, or one that is not private."""
        conditions = (SongRow.id == song_id, SongRow.deleted_at.is_(None), readable_by(reader_id))
        return await self._one(*conditions, reader_id=reader_id)

    async def find_any(self, song_id: uuid.UUID) -> Song | None:
        """A song whoever may read it, for those who have shown another right to it, such as a share link."""
        return await self._one(SongRow.id == song_id, SongRow.deleted_at.is_(None))

    async def of_source(self, source_id: str, owner_id: str) -> Song | None:
        """The owner's song with this source id."""
        return await self._one(SongRow.source_id == source_id, SongRow.owner_id == owner_id)

    async def transfer(self, change: Transfer) -> int:
        """Gives all songs and playlists of one listener to another; returns how many songs."""
        new: dict[str, Any] = {"owner_id": change.to_listener_id, "author": change.author}
        playlists = update(PlaylistRow).where(PlaylistRow.owner_id == change.from_listener_id).values(new)
        await self._session.execute(playlists.values(version=PlaylistRow.version + 1))
        songs = update(SongRow).where(SongRow.owner_id == change.from_listener_id)
        before, after = (terms.lexeme(terms.OWNER, who) for who in (change.from_listener_id, change.to_listener_id))
        lexemes = func.array_replace(func.tsvector_to_array(SongRow.document), before, after)
        new |= {"version": SongRow.version + 1, "document": func.array_to_tsvector(lexemes)}
        moved = await self._session.execute(songs.values(new).returning(SongRow.id))
        return len(moved.all())

    async def locked(self, song_id: uuid.UUID, owner_id: str, *, deleted: bool = False) -> "LockedSong | None":
        """The owner's song, which nobody else can change until the transaction ends.

        With `deleted`, one that is deleted and can still be restored.
        """
        state = SongRow.deleted_at > func.now() - RESTORABLE if deleted else SongRow.deleted_at.is_(None)
        statement = select(SongRow).where(SongRow.id == song_id, SongRow.owner_id == owner_id, state)
        row = await self._session.scalar(statement.with_for_update())
        return None if row is None else LockedSong(self._session, row)

    async def _one(self, *conditions: ColumnElement[bool], reader_id: str | None = None) -> Song | None:
        row = (await self._session.execute(select_songs(reader_id).where(*conditions))).one_or_none()
        return None if row is None else song_of(row)


class LockedSong:
    """A song that this transaction may change."""

    def __init__(self, session: AsyncSession, row: SongRow) -> None:
        self._session = session
        self._row = row

    @property
    def version(self) -> int:
        """Before any change."""
        return self._row.version

    async def change(self, changes: Mapping[str, Any]) -> Song:
        """With other values of the columns named, and the next version."""
        for name, value in changes.items():
            setattr(self._row, name, value)
        for name, value in searchable(self._row).items():
            setattr(self._row, name, value)
        if self._row.visibility == Visibility.PUBLIC and self._row.published_at is None:
            self._row.published_at = func.now()
        self._row.version += 1
        self._row.updated_at = func.now()
        return await self._written()

    async def delete(self) -> None:
        """Makes it invisible; the row and the stored object stay until it is purged."""
        self._row.deleted_at = func.now()
        await self._session.flush()

    async def restore(self) -> Song:
        """Makes it visible again."""
        self._row.deleted_at = None
        return await self._written()

    async def _written(self) -> Song:
        await self._session.flush()
        row = await self._session.execute(select_songs(self._row.owner_id).where(SongRow.id == self._row.id))
        return song_of(row.one())
