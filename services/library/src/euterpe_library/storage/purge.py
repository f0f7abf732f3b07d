"""Removing songs for good, and collecting the objects that nothing refers to any more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.song import RESTORABLE
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import (
    CommentRow,
    CountRow,
    DeletedListenerRow,
    FollowRow,
    GarbageRow,
    LikeRow,
    PlaylistRow,
    PurgedSourceRow,
    ReportRow,
)

#: An object may wait so long for its song.
_PATIENCE = timedelta(minutes=10)
#: Sources of imported files: nobody retries them later, and they name their listener.
IMPORTED = "import:"


class Remains:
    """Songs and listeners that go for good, in one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def purge_expired(self, limit: int) -> int:
        """Removes up to `limit` songs that can be restored no longer; returns how many."""
        return await self._purge(SongRow.deleted_at <= func.now() - RESTORABLE, limit)

    async def purge_owned(self, listener_id: str, limit: int) -> int:
        """Removes up to `limit` of a listener's songs, deleted or not; returns how many."""
        return await self._purge(SongRow.owner_id == listener_id, limit)

    async def begin_deletion(self, listener_id: str) -> None:
        """From now on nothing is registered for the listener; waits for registrations that are under way."""
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"listener:{listener_id}", 0))
        await self._session.execute(select(lock))
        await self._session.execute(insert(DeletedListenerRow).values(listener_id=listener_id).on_conflict_do_nothing())

    async def delete_writings(self, listener_id: str) -> None:
        """Removes what a listener did beside songs: likes, comments, reports, follows and playlists."""
        for row, count, who in (
            (LikeRow, CountRow.like_count, LikeRow.listener_id),
            (CommentRow, CountRow.comment_count, CommentRow.author_id),
        ):
            gone = delete(row).where(who == listener_id).returning(row.song_id).cte("gone")
            per_song = select(gone.c.song_id, func.count().label("number")).group_by(gone.c.song_id).subquery()
            less = update(CountRow).where(CountRow.song_id == per_song.c.song_id)
            await self._session.execute(less.values({count: count - per_song.c.number}))
        await self._session.execute(delete(ReportRow).where(ReportRow.reporter_id == listener_id))
        followed = (FollowRow.listener_id == listener_id) | (FollowRow.author_id == listener_id)
        await self._session.execute(delete(FollowRow).where(followed))
        await self._session.execute(delete(PlaylistRow).where(PlaylistRow.owner_id == listener_id))

    async def has_remains(self, listener_id: str) -> bool:
        """Whether a listener still has songs, or objects that wait to be collected."""
        waiting = exists().where(GarbageRow.listener_id == listener_id, GarbageRow.collected_at.is_(None))
        owned = exists().where(SongRow.owner_id == listener_id)
        return bool(await self._session.scalar(select(owned | waiting)))

    async def _purge(self, condition: ColumnElement[bool], limit: int) -> int:
        columns = (SongRow.id, SongRow.source_id, SongRow.midi_key, SongRow.owner_id)
        chosen = select(*columns).where(condition).limit(limit).with_for_update(skip_locked=True)
        rows = (await self._session.execute(chosen)).all()
        if not rows:
            return 0
        sources = [
            {"source_id": row.source_id, "song_id": row.id} for row in rows if not row.source_id.startswith(IMPORTED)
        ]
        if sources:
            await self._session.execute(insert(PurgedSourceRow).values(sources).on_conflict_do_nothing())
        await self._discard({row.midi_key: row.owner_id for row in rows})
        await self._session.execute(delete(SongRow).where(SongRow.id.in_([row.id for row in rows])))
        return len(rows)

    async def _discard(self, owners: dict[str, str]) -> None:
        # In one order, so that two purges never wait for each other.
        values = [{"midi_key": key, "listener_id": owner} for key, owner in sorted(owners.items())]
        statement = insert(GarbageRow).values(values)
        again = {"collected_at": None, "since": func.now(), "listener_id": statement.excluded.listener_id}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["midi_key"], set_=again))


class Garbage:
    """Objects without a song. One transaction handles one object, and nobody registers it meanwhile."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def expect(self, midi_key: str, listener_id: str) -> None:
        """Notes an object that is about to be stored: it is collected unless a song is registered with it."""
        statement = insert(GarbageRow).values(midi_key=midi_key, listener_id=listener_id)
        again = {"collected_at": None, "since": func.now()}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["midi_key"], set_=again))

    async def waiting(self, limit: int, listener_id: str | None = None) -> list[str]:
        """Keys that wait to be collected, the oldest first; those of one listener's, or all that waited for a while."""
        condition: Any = GarbageRow.collected_at.is_(None)
        if listener_id is None:
            condition &= GarbageRow.since < func.now() - _PATIENCE
        else:
            condition &= GarbageRow.listener_id == listener_id
        keys = await self._session.scalars(
            select(GarbageRow.midi_key).where(condition).order_by(GarbageRow.since).limit(limit)
        )
        return list(keys)

    @asynccontextmanager
    async def collecting(self, midi_key: str) -> AsyncIterator[bool]:
        """Whether the object may go. It counts as gone when the block ends without an error."""
        await self._lock(midi_key)
        known = exists().where(SongRow.midi_key == midi_key)
        waiting = exists().where(GarbageRow.midi_key == midi_key, GarbageRow.collected_at.is_(None))
        used, open_ = (await self._session.execute(select(known, waiting))).one()
        if used:
            await self._session.execute(delete(GarbageRow).where(GarbageRow.midi_key == midi_key))
        yield open_ and not used
        if open_ and not used:
            await self._session.execute(
                update(GarbageRow).where(GarbageRow.midi_key == midi_key).values(collected_at=func.now())
            )

    async def _lock(self, midi_key: str) -> None:
        # Registrations share this lock; see storage.registration.
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(midi_key, 0))))
