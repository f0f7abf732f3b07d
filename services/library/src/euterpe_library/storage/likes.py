"""Likes."""

import uuid

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.storage.social_models import LikeRow
from euterpe_library.storage.song_counts import SongCountRepository


class LikeRepository:
    """Likes, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, song_id: uuid.UUID, user_id: str) -> bool:
        """Like a song; whether it was not liked before."""
        statement = insert(LikeRow).values(song_id=song_id, listener_id=user_id).on_conflict_do_nothing()
        if await self._session.scalar(statement.returning(LikeRow.song_id)) is None:
            return False
        await SongCountRepository(self._session).add(song_id, likes=1)
        return True

    async def remove(self, song_id: uuid.UUID, user_id: str) -> None:
        """Remove a like. Idempotent."""
        statement = delete(LikeRow).where(LikeRow.song_id == song_id, LikeRow.listener_id == user_id)
        if await self._session.scalar(statement.returning(LikeRow.song_id)):
            await SongCountRepository(self._session).add(song_id, likes=-1)
