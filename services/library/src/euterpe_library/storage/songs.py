"""Reading and writing songs. Deleted ones are invisible here, except to registration."""

import uuid
from dataclasses import fields

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.song import NewSong, Song
from euterpe_library.domain.titles import fold
from euterpe_library.storage.models import SongRow

_FIELDS = tuple(field.name for field in fields(Song))


class SongRepository:
    """Songs of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, new: NewSong) -> uuid.UUID | None:
        """The new song's id, or None when its source id is known already: a concurrent insert is waited for."""
        values = new.model_dump() | {"title_folded": fold(new.title)}
        statement = insert(SongRow).values(values).on_conflict_do_nothing(index_elements=["source_id"])
        return await self._session.scalar(statement.returning(SongRow.id))

    async def id_of_source(self, source_id: str) -> uuid.UUID | None:
        """The song that was registered under this source id, even if it was deleted since."""
        return await self._session.scalar(select(SongRow.id).where(SongRow.source_id == source_id))

    async def find(self, song_id: uuid.UUID, owner_id: str) -> Song | None:
        """The owner's song."""
        row = await self._row(song_id, owner_id, lock=False)
        return None if row is None else _song(row)

    async def page(self, owner_id: str, *, search: str, limit: int, after: Position | None) -> Page:
        """The owner's songs whose title contains `search` (all when it is empty), newest first."""
        statement = select(SongRow).where(SongRow.owner_id == owner_id, SongRow.deleted_at.is_(None))
        if needle := fold(search):
            statement = statement.where(SongRow.title_folded.contains(needle, autoescape=True))
        if after is not None:
            statement = statement.where(_behind(after))
        statement = statement.order_by(SongRow.created_at.desc(), SongRow.id.desc()).limit(limit + 1)
        songs = [_song(row) for row in await self._session.scalars(statement)]
        # One more than asked for tells whether there is a next page.
        rest = Position.of(songs[limit - 1]) if len(songs) > limit else None
        return Page(tuple(songs[:limit]), rest)

    async def locked(self, song_id: uuid.UUID, owner_id: str) -> "LockedSong | None":
        """The owner's song, which nobody else can change until the transaction ends."""
        row = await self._row(song_id, owner_id, lock=True)
        return None if row is None else LockedSong(self._session, row)

    async def _row(self, song_id: uuid.UUID, owner_id: str, *, lock: bool) -> SongRow | None:
        statement = select(SongRow).where(
            SongRow.id == song_id, SongRow.owner_id == owner_id, SongRow.deleted_at.is_(None)
        )
        return await self._session.scalar(statement.with_for_update() if lock else statement)


class LockedSong:
    """A song that this transaction may change."""

    def __init__(self, session: AsyncSession, row: SongRow) -> None:
        self._session = session
        self._row = row

    @property
    def song(self) -> Song:
        """As it is now."""
        return _song(self._row)

    async def rename(self, title: str) -> Song:
        """With the new title and the next version."""
        self._row.title, self._row.title_folded = title, fold(title)
        self._row.version += 1
        self._row.updated_at = func.now()
        await self._session.flush()
        await self._session.refresh(self._row, ["updated_at"])
        return self.song

    async def delete(self) -> None:
        """Makes it invisible; the row and the stored object stay."""
        self._row.deleted_at = func.now()
        await self._session.flush()


def _behind(position: Position) -> ColumnElement[bool]:
    return tuple_(SongRow.created_at, SongRow.id) < tuple_(position.created_at, position.id)


def _song(row: SongRow) -> Song:
    return Song(**{name: getattr(row, name) for name in _FIELDS})
