"""Comments and reports on them."""

import uuid
from dataclasses import fields

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.social import Comment, Reason
from euterpe_library.storage.social_models import CommentRow, ReportRow
from euterpe_library.storage.song_counts import SongCountRepository

_COLUMNS = [getattr(CommentRow, field.name) for field in fields(Comment)]


class CommentRepository:
    """Comments, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, song_id: uuid.UUID, author_id: str, author: str, body: str) -> Comment:
        """Add a comment."""
        values = {"song_id": song_id, "author_id": author_id, "author": author, "body": body}
        row = await self._session.execute(insert(CommentRow).values(values).returning(*_COLUMNS))
        await SongCountRepository(self._session).add(song_id, comments=1)
        return Comment(*row.one())

    async def page(self, song_id: uuid.UUID, *, limit: int, after: Position | None) -> Page[Comment]:
        """Return the comments on a song, newest first."""
        order = (CommentRow.created_at, CommentRow.id)
        statement = select(*_COLUMNS).where(CommentRow.song_id == song_id)
        if after is not None:
            statement = statement.where(tuple_(*order) < tuple_(after.value, after.id))
        statement = statement.order_by(*(column.desc() for column in order)).limit(limit + 1)
        comments = tuple(Comment(*row) for row in await self._session.execute(statement))
        last = comments[limit - 1] if len(comments) > limit else None
        return Page(comments[:limit], Position(Sort.NEWEST, last.created_at, last.id) if last else None)

    async def find(self, comment_id: uuid.UUID) -> Comment | None:
        """Return a comment."""
        row = (await self._session.execute(select(*_COLUMNS).where(CommentRow.id == comment_id))).one_or_none()
        return None if row is None else Comment(*row)

    async def delete(self, comment: Comment) -> None:
        """Delete a comment permanently. Idempotent."""
        statement = delete(CommentRow).where(CommentRow.id == comment.id).returning(CommentRow.id)
        if await self._session.scalar(statement):
            await SongCountRepository(self._session).add(comment.song_id, comments=-1)

    async def report(self, comment_id: uuid.UUID, reporter_id: str, reason: Reason, note: str) -> None:
        """Store a report; there is one per user, and a later one replaces it."""
        values = {"comment_id": comment_id, "reporter_id": reporter_id, "reason": reason, "note": note}
        statement = insert(ReportRow).values(values)
        updated = {"reason": reason, "note": note}
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["comment_id", "reporter_id"], set_=updated)
        )
