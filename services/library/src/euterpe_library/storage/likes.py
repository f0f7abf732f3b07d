"""Likes, and the counts beside songs."""

import uuid

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.storage.social_models import CountRow, LikeRow


class LikeRepository:
    """Likes of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, song_id: uuid.UUID, listener_id: str) -> None:
        """The listener likes the song; twice is once."""
        statement = insert(LikeRow).values(song_id=song_id, listener_id=listener_id).on_conflict_do_nothing()
        if await self._session.scalar(statement.returning(LikeRow.song_id)):
            await count(self._session, song_id, likes=1)

    async def remove(self, song_id: uuid.UUID, listener_id: str) -> None:
        """The listener does not like the song, or no longer."""
        statement = delete(LikeRow).where(LikeRow.song_id == song_id, LikeRow.listener_id == listener_id)
        if await self._session.scalar(statement.returning(LikeRow.song_id)):
            await count(self._session, song_id, likes=-1)


async def count(session: AsyncSession, song_id: uuid.UUID, *, likes: int = 0, comments: int = 0) -> None:
    """Adds to the counts of a song; they change in the transaction of what they count."""
    values = {"song_id": song_id, "like_count": max(likes, 0), "comment_count": max(comments, 0)}
    more = {
        "like_count": func.greatest(CountRow.like_count + likes, 0),
        "comment_count": func.greatest(CountRow.comment_count + comments, 0),
    }
    await session.execute(insert(CountRow).values(values).on_conflict_do_update(index_elements=["song_id"], set_=more))
