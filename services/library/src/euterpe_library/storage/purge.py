"""Permanent deletion of songs and of users' data."""

import uuid
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from euterpe_library.domain.song import RESTORABLE
from euterpe_library.storage.community_models import (
    BlockRow,
    DigestSettingRow,
    ModeratorRow,
    NotificationRow,
    NotificationSettingRow,
    ProfileRow,
)
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
    UserQuotaRow,
)
from euterpe_library.storage.versions import midi_keys_of
from euterpe_library.storage.webhook_models import WebhookRow

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
        """Delete what a user did: likes, comments, reports, follows, blocks, playlists, profile and notifications."""
        likes = delete(LikeRow).where(LikeRow.listener_id == user_id).returning(LikeRow.song_id)
        await self._session.execute(_decrement(likes.cte("deleted"), CountRow.like_count))
        await self._delete_comments(user_id)
        await self._session.execute(delete(ReportRow).where(ReportRow.reporter_id == user_id))
        follows = (FollowRow.listener_id == user_id) | (FollowRow.author_id == user_id)
        await self._session.execute(delete(FollowRow).where(follows))
        await self._session.execute(delete(PlaylistRow).where(PlaylistRow.owner_id == user_id))
        await self._session.execute(delete(TitleNumberRow).where(TitleNumberRow.owner_id == user_id))
        concerned = (NotificationRow.recipient_id == user_id) | (NotificationRow.actor_id == user_id)
        await self._session.execute(delete(NotificationRow).where(concerned))
        await self._session.execute(
            delete(BlockRow).where((BlockRow.user_id == user_id) | (BlockRow.blocked_id == user_id))
        )
        await self._session.execute(delete(WebhookRow).where(WebhookRow.owner_id == user_id))
        for row in (NotificationSettingRow, DigestSettingRow, ModeratorRow, ProfileRow, UserQuotaRow):
            await self._session.execute(delete(row).where(row.user_id == user_id))

    async def _delete_comments(self, user_id: str) -> None:
        own, counted = (
            CommentRow.author_id == user_id,
            and_(CommentRow.deleted_at.is_(None), CommentRow.hidden_at.is_(None)),
        )
        visible = select(CommentRow.song_id).where(own, counted).cte("deleted")
        await self._session.execute(_decrement(visible, CountRow.comment_count))
        # Comments with replies of others keep their place, without text and author.
        reply = aliased(CommentRow)
        answered = exists().where(reply.parent_id == CommentRow.id, reply.author_id != user_id)
        gone = {"author_id": "", "author": "", "body": "", "mentions": [], "deleted_at": func.now()}
        await self._session.execute(update(CommentRow).where(own, answered).values(gone))
        await self._session.execute(delete(CommentRow).where(own))

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


def _decrement(songs: CTE, count: Any) -> Any:
    """Subtract from a count the number of times that each song occurs."""
    per_song = select(songs.c.song_id, func.count().label("number")).group_by(songs.c.song_id).subquery()
    return update(CountRow).where(CountRow.song_id == per_song.c.song_id).values({count: count - per_song.c.number})
