"""Counts of likes and comments per song."""

import uuid

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.storage.social_models import CountRow


class SongCountRepository:
    """Counts, changed in the transaction of what they count."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, song_id: uuid.UUID, *, likes: int = 0, comments: int = 0) -> None:
        """Add to the counts of a song; negative numbers subtract."""
        values = {"song_id": song_id, "like_count": max(likes, 0), "comment_count": max(comments, 0)}
        updated = {
            "like_count": func.greatest(CountRow.like_count + likes, 0),
            "comment_count": func.greatest(CountRow.comment_count + comments, 0),
        }
        statement = insert(CountRow).values(values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["song_id"], set_=updated))
