"""Reading and writing single songs. Deleted songs are visible to registration and restoring only."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain import terms
from euterpe_library.domain.details import Visibility
from euterpe_library.domain.song import RESTORABLE, Song, Transfer
from euterpe_library.storage.columns import search_columns, select_songs, song_of
from euterpe_library.storage.matching import readable_by
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import DeletedUserRow, PlaylistRow
from euterpe_library.storage.versions import VersionRepository

_TRANSFER_NUMBERS = text("""
    WITH moved AS (DELETE FROM title_numbers WHERE owner_id = :source RETURNING title, last_number)
    INSERT INTO title_numbers (owner_id, title, last_number)
    SELECT :target, title, last_number FROM moved ORDER BY title
    ON CONFLICT (owner_id, title) DO UPDATE
    SET last_number = greatest(title_numbers.last_number, excluded.last_number)
""")


class SongRepository:
    """Songs, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def is_deleted_user(self, user_id: str) -> bool:
        """Whether the account was deleted. Waits for a deletion in progress, and delays a later one."""
        lock = func.pg_advisory_xact_lock_shared(func.hashtextextended(f"listener:{user_id}", 0))
        await self._session.execute(select(lock))
        deleted = select(exists().where(DeletedUserRow.listener_id == user_id))
        return bool(await self._session.scalar(deleted))

    async def find(self, song_id: uuid.UUID, reader_id: str | None) -> Song | None:
        """Return a song that the reader may read: an own song, or one that is not private."""
        conditions = (SongRow.id == song_id, SongRow.deleted_at.is_(None), readable_by(reader_id))
        return await self._one(*conditions, reader_id=reader_id)

    async def find_any(self, song_id: uuid.UUID) -> Song | None:
        """Return a song regardless of its visibility, for holders of a share link."""
        return await self._one(SongRow.id == song_id, SongRow.deleted_at.is_(None))

    async def of_source(self, source_id: str, owner_id: str) -> Song | None:
        """Return the owner's song with this source id."""
        return await self._one(SongRow.source_id == source_id, SongRow.owner_id == owner_id)

    async def transfer(self, change: Transfer) -> int:
        """Transfer all songs and playlists of one user to another; return the number of songs."""
        new: dict[str, Any] = {"owner_id": change.to_listener_id, "author": change.author}
        playlists = update(PlaylistRow).where(PlaylistRow.owner_id == change.from_listener_id).values(new)
        await self._session.execute(playlists.values(version=PlaylistRow.version + 1))
        songs = update(SongRow).where(SongRow.owner_id == change.from_listener_id)
        before, after = (terms.lexeme(terms.OWNER, who) for who in (change.from_listener_id, change.to_listener_id))
        lexemes = func.array_replace(func.tsvector_to_array(SongRow.document), before, after)
        new |= {"version": SongRow.version + 1, "document": func.array_to_tsvector(lexemes)}
        moved = await self._session.execute(songs.values(new).returning(SongRow.id))
        users = {"source": change.from_listener_id, "target": change.to_listener_id}
        await self._session.execute(_TRANSFER_NUMBERS, users)
        await VersionRepository(self._session).transfer(change.from_listener_id, change.to_listener_id)
        return len(moved.all())

    async def locked(self, song_id: uuid.UUID, owner_id: str, *, deleted: bool = False) -> "LockedSong | None":
        """Return the owner's song, locked until the transaction ends.

        With `deleted`, the song must be deleted and restorable.
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
        """The version before any change."""
        return self._row.version

    async def song(self) -> Song:
        """Return the song as its owner sees it."""
        return await self._flushed()

    async def change(self, changes: Mapping[str, Any]) -> Song:
        """Change the given columns and increment the version."""
        for name, value in changes.items():
            setattr(self._row, name, value)
        for name, value in search_columns(self._row).items():
            setattr(self._row, name, value)
        if self._row.visibility == Visibility.PUBLIC and self._row.published_at is None:
            self._row.published_at = func.now()
        self._row.version += 1
        self._row.updated_at = func.now()
        return await self._flushed()

    async def delete(self) -> None:
        """Hide the song; its row and object are kept until it is purged."""
        self._row.deleted_at = func.now()
        await self._session.flush()

    async def restore(self) -> Song:
        """Make the song visible again."""
        self._row.deleted_at = None
        return await self._flushed()

    async def _flushed(self) -> Song:
        await self._session.flush()
        row = await self._session.execute(select_songs(self._row.owner_id).where(SongRow.id == self._row.id))
        return song_of(row.one())
