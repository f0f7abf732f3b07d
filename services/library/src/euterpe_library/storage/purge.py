"""Permanent deletion of songs and of users' data."""

import uuid

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.song import RESTORABLE
from euterpe_library.storage.models import SongRow, TitleNumberRow
from euterpe_library.storage.orphaned_artifacts import OrphanedArtifactRepository
from euterpe_library.storage.social_models import (
    CommentRow,
    CountRow,
    DeletedUserRow,
    FollowRow,
    LikeRow,
    OrphanedArtifactRow,
    PlaylistRow,
    PurgedSourceRow,
    ReportRow,
)
from euterpe_library.storage.versions import midi_keys_of

#: Prefix of the source ids of imported files. They identify their user, and no peer retries them.
IMPORT_PREFIX = "import:"


class PurgeRepository:
    """Permanent deletion, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def purge_expired(self, limit: int) -> int:
        """Purge up to `limit` songs that can no longer be restored; return how many."""
        return await self._purge(SongRow.deleted_at <= func.now() - RESTORABLE, limit)

    async def purge_owned(self, user_id: str, limit: int) -> int:
        """Purge up to `limit` of a user's songs, deleted or not; return how many."""
        return await self._purge(SongRow.owner_id == user_id, limit)

    async def purge_song(self, song_id: uuid.UUID, owner_id: str) -> bool:
        """Purge a user's song, deleted or not; return whether there was one. Waits for concurrent changes of it."""
        condition = (SongRow.id == song_id) & (SongRow.owner_id == owner_id)
        return await self._purge(condition, 1, skip_locked=False) > 0

    async def begin_deletion(self, user_id: str) -> None:
        """Prevent further registrations for the user; waits for those in progress."""
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"listener:{user_id}", 0))
        await self._session.execute(select(lock))
        await self._session.execute(insert(DeletedUserRow).values(listener_id=user_id).on_conflict_do_nothing())

    async def delete_activity(self, user_id: str) -> None:
        """Delete a user's likes, comments, reports, follows, playlists and numbers of titles."""
        for row, count, author in (
            (LikeRow, CountRow.like_count, LikeRow.listener_id),
            (CommentRow, CountRow.comment_count, CommentRow.author_id),
        ):
            deleted = delete(row).where(author == user_id).returning(row.song_id).cte("deleted")
            per_song = select(deleted.c.song_id, func.count().label("number")).group_by(deleted.c.song_id).subquery()
            decrement = update(CountRow).where(CountRow.song_id == per_song.c.song_id)
            await self._session.execute(decrement.values({count: count - per_song.c.number}))
        await self._session.execute(delete(ReportRow).where(ReportRow.reporter_id == user_id))
        follows = (FollowRow.listener_id == user_id) | (FollowRow.author_id == user_id)
        await self._session.execute(delete(FollowRow).where(follows))
        await self._session.execute(delete(PlaylistRow).where(PlaylistRow.owner_id == user_id))
        await self._session.execute(delete(TitleNumberRow).where(TitleNumberRow.owner_id == user_id))

    async def has_data(self, user_id: str) -> bool:
        """Whether a user still has songs, or objects that are not yet removed."""
        pending = exists().where(OrphanedArtifactRow.listener_id == user_id, OrphanedArtifactRow.collected_at.is_(None))
        owned = exists().where(SongRow.owner_id == user_id)
        return bool(await self._session.scalar(select(owned | pending)))

    async def _purge(self, condition: ColumnElement[bool], limit: int, *, skip_locked: bool = True) -> int:
        columns = (SongRow.id, SongRow.source_id, SongRow.midi_key, SongRow.original_key, SongRow.owner_id)
        chosen = select(*columns).where(condition).limit(limit).with_for_update(skip_locked=skip_locked)
        rows = (await self._session.execute(chosen)).all()
        if not rows:
            return 0
        sources = [
            {"source_id": row.source_id, "song_id": row.id}
            for row in rows
            if not row.source_id.startswith(IMPORT_PREFIX)
        ]
        if sources:
            await self._session.execute(insert(PurgedSourceRow).values(sources).on_conflict_do_nothing())
        owners = {key: row.owner_id for row in rows for key in (row.midi_key, row.original_key) if key is not None}
        owner_of = {row.id: row.owner_id for row in rows}
        for song_id, key in await self._session.execute(midi_keys_of(list(owner_of))):
            owners[key] = owner_of[song_id]
        await OrphanedArtifactRepository(self._session).add(owners)
        await self._session.execute(delete(SongRow).where(SongRow.id.in_([row.id for row in rows])))
        return len(rows)
