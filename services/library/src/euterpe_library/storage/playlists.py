"""Playlists and their songs."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Insert, Update, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.filters import Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.social import Playlist
from euterpe_library.domain.song import Song
from euterpe_library.storage.columns import select_songs, song_of
from euterpe_library.storage.community_models import ProfileRow
from euterpe_library.storage.matching import readable_by
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import PlaylistRow, PlaylistSongRow

_NAMES = tuple(field.name for field in fields(Playlist))
_DISPLAY_NAME = select(ProfileRow.display_name).where(ProfileRow.user_id == PlaylistRow.owner_id).scalar_subquery()
#: Fields that are no columns of the same name. A subquery, so that rows can be locked.
_COMPUTED = {"author": func.coalesce(_DISPLAY_NAME, PlaylistRow.author), "username": PlaylistRow.author}
_COLUMNS = [_COMPUTED[name] if name in _COMPUTED else getattr(PlaylistRow, name) for name in _NAMES]


class PlaylistRepository:
    """Playlists, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, values: Mapping[str, Any]) -> Playlist:
        """Add a playlist."""
        return await self._written(insert(PlaylistRow).values(dict(values)))

    async def count(self, owner_id: str) -> int:
        """Count the owner's playlists."""
        statement = select(func.count()).select_from(PlaylistRow).where(PlaylistRow.owner_id == owner_id)
        return int(await self._session.scalar(statement) or 0)

    async def find(self, playlist_id: uuid.UUID, reader_id: str | None) -> Playlist | None:
        """Return a playlist that the reader may read."""
        open_to_all = PlaylistRow.visibility != Visibility.PRIVATE
        readable = open_to_all if reader_id is None else or_(open_to_all, PlaylistRow.owner_id == reader_id)
        return await self._one(PlaylistRow.id == playlist_id, readable)

    async def locked(self, playlist_id: uuid.UUID, owner_id: str) -> Playlist | None:
        """Return the owner's playlist, locked until the transaction ends."""
        return await self._one(PlaylistRow.id == playlist_id, PlaylistRow.owner_id == owner_id, lock=True)

    async def page(
        self, owner_id: str, *, limit: int, after: Position | None, public_only: bool = False
    ) -> Page[Playlist]:
        """Return the owner's playlists, or the public ones only, newest first."""
        order = (PlaylistRow.created_at, PlaylistRow.id)
        statement = select(*_COLUMNS).where(PlaylistRow.owner_id == owner_id)
        if public_only:
            statement = statement.where(PlaylistRow.visibility == Visibility.PUBLIC)
        if after is not None:
            statement = statement.where(tuple_(*order) < tuple_(after.value, after.id))
        statement = statement.order_by(*(column.desc() for column in order)).limit(limit + 1)
        found = tuple(_playlist(row) for row in await self._session.execute(statement))
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], Position(Sort.NEWEST, last.created_at, last.id) if last else None)

    async def songs(self, playlist_id: uuid.UUID, reader_id: str | None) -> list[Song]:
        """Return the songs that the reader may read, in order."""
        statement = select_songs(reader_id).join(PlaylistSongRow, PlaylistSongRow.song_id == SongRow.id)
        statement = statement.where(
            PlaylistSongRow.playlist_id == playlist_id, SongRow.deleted_at.is_(None), readable_by(reader_id)
        )
        return [song_of(row) for row in await self._session.execute(statement.order_by(PlaylistSongRow.position))]

    async def song_ids(self, playlist_id: uuid.UUID) -> list[uuid.UUID]:
        """Return the ids of all songs in order, including those that are not readable."""
        statement = select(PlaylistSongRow.song_id).where(PlaylistSongRow.playlist_id == playlist_id)
        return list(await self._session.scalars(statement.order_by(PlaylistSongRow.position)))

    async def readable(self, song_ids: Sequence[uuid.UUID], reader_id: str) -> set[uuid.UUID]:
        """Return the ids of those songs that the reader may read."""
        wanted = SongRow.id.in_(song_ids), SongRow.deleted_at.is_(None), readable_by(reader_id)
        return set(await self._session.scalars(select(SongRow.id).where(*wanted)))

    async def change(self, playlist_id: uuid.UUID, changes: Mapping[str, Any]) -> Playlist:
        """Change the given columns and increment the version."""
        values = dict(changes) | {"version": PlaylistRow.version + 1, "updated_at": func.now()}
        return await self._written(update(PlaylistRow).where(PlaylistRow.id == playlist_id).values(values))

    async def put_songs(self, playlist_id: uuid.UUID, song_ids: Sequence[uuid.UUID]) -> None:
        """Replace the songs."""
        await self._session.execute(delete(PlaylistSongRow).where(PlaylistSongRow.playlist_id == playlist_id))
        rows = [
            {"playlist_id": playlist_id, "song_id": song_id, "position": position}
            for position, song_id in enumerate(song_ids)
        ]
        if rows:
            await self._session.execute(insert(PlaylistSongRow), rows)

    async def delete(self, playlist_id: uuid.UUID) -> None:
        """Delete the playlist permanently; its songs are not deleted."""
        await self._session.execute(delete(PlaylistRow).where(PlaylistRow.id == playlist_id))

    async def _written(self, statement: Insert | Update) -> Playlist:
        """Insert or update a playlist and return it."""
        playlist_id = await self._session.scalar(statement.returning(PlaylistRow.id))
        written = await self._one(PlaylistRow.id == playlist_id)
        assert written is not None, "it was written in this transaction"
        return written

    async def _one(self, *conditions: ColumnElement[bool], lock: bool = False) -> Playlist | None:
        statement = select(*_COLUMNS).where(*conditions)
        row = (await self._session.execute(statement.with_for_update() if lock else statement)).one_or_none()
        return None if row is None else _playlist(row)


def _playlist(row: Any) -> Playlist:
    values = dict(zip(_NAMES, row, strict=True))
    return Playlist(**values | {"visibility": Visibility(values["visibility"])})
