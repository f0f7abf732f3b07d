"""A user's playlists, comments, reports, follows and share links, for the export."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.storage.community_models import BlockRow, NotificationRow, ProfileRow
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import (
    CommentRow,
    FollowRow,
    PlaylistRow,
    PlaylistSongRow,
    ReportRow,
    ShareRow,
)


class ActivityRepository:
    """Reads a user's activity in one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_user(self, user_id: str) -> dict[str, Any]:
        """Return playlists, comments, reports, follows and share links as plain values."""
        return {
            "playlists": await self._playlists(user_id),
            "comments": await self._comments(user_id),
            "following": list(
                await self._session.scalars(select(FollowRow.author_id).where(FollowRow.listener_id == user_id))
            ),
            "reports": await self._reports(user_id),
            "share_links": await self._share_links(user_id),
            "profile": await self._profile(user_id),
            "blocked": list(
                await self._session.scalars(select(BlockRow.blocked_id).where(BlockRow.user_id == user_id))
            ),
            "notifications": await self._notifications(user_id),
        }

    async def _playlists(self, user_id: str) -> list[dict[str, Any]]:
        songs = func.array(
            select(PlaylistSongRow.song_id)
            .where(PlaylistSongRow.playlist_id == PlaylistRow.id)
            .order_by(PlaylistSongRow.position)
            .scalar_subquery()
        )
        columns = (PlaylistRow.id, PlaylistRow.title, PlaylistRow.description, PlaylistRow.visibility)
        statement = select(*columns, songs.label("song_ids")).where(PlaylistRow.owner_id == user_id)
        rows = await self._session.execute(statement.order_by(PlaylistRow.created_at))
        return [row._asdict() for row in rows]

    async def _comments(self, user_id: str) -> list[dict[str, Any]]:
        columns = (CommentRow.song_id, CommentRow.body.label("text"), CommentRow.created_at)
        statement = select(*columns).where(CommentRow.author_id == user_id).order_by(CommentRow.created_at)
        return [row._asdict() for row in await self._session.execute(statement)]

    async def _reports(self, user_id: str) -> list[dict[str, Any]]:
        columns = (ReportRow.comment_id, ReportRow.reason, ReportRow.note, ReportRow.created_at)
        statement = select(*columns).where(ReportRow.reporter_id == user_id).order_by(ReportRow.created_at)
        return [row._asdict() for row in await self._session.execute(statement)]

    async def _profile(self, user_id: str) -> dict[str, Any] | None:
        columns = (ProfileRow.name, ProfileRow.display_name, ProfileRow.bio)
        row = (await self._session.execute(select(*columns).where(ProfileRow.user_id == user_id))).one_or_none()
        return None if row is None else row._asdict()

    async def _notifications(self, user_id: str) -> list[dict[str, Any]]:
        item = NotificationRow
        columns = (item.id, item.kind, item.actor, item.song_id, item.text, item.created_at, item.read_at)
        statement = select(*columns).where(item.recipient_id == user_id).order_by(item.id)
        return [row._asdict() for row in await self._session.execute(statement)]

    async def _share_links(self, user_id: str) -> list[dict[str, Any]]:
        # Without tokens, of which only digests are stored.
        columns = [
            getattr(ShareRow, name)
            for name in (
                "id", "song_id", "label", "allow_download", "created_at", "expires_at", "revoked_at", "view_count",
                "last_viewed_at",
            )
        ]  # fmt: skip
        owned = select(*columns).join(SongRow, SongRow.id == ShareRow.song_id).where(SongRow.owner_id == user_id)
        return [row._asdict() for row in await self._session.execute(owned.order_by(ShareRow.created_at))]
