"""Comments and reports on them."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from euterpe_library.domain.filters import Sort
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.social import (
    EDITABLE,
    REPLIES_LISTED,
    Comment,
    CommentSort,
    CommentState,
    Mention,
    NewComment,
    Pin,
    Reason,
)
from euterpe_library.storage.community_models import BlockRow, ProfileRow
from euterpe_library.storage.social_models import CommentRow, ReportRow
from euterpe_library.storage.song_counts import SongCountRepository

_REPLY = aliased(CommentRow)
_VISIBLE = and_(CommentRow.deleted_at.is_(None), CommentRow.hidden_at.is_(None))
_REPLY_COUNT = (
    select(func.count())
    .where(_REPLY.parent_id == CommentRow.id, _REPLY.deleted_at.is_(None), _REPLY.hidden_at.is_(None))
    .correlate(CommentRow)
    .scalar_subquery()
)
_HAS_REPLIES = exists().where(_REPLY.parent_id == CommentRow.id).correlate(CommentRow)
_GONE = {"author_id": "", "author": "", "body": "", "mentions": [], "deleted_at": func.now()}


class CommentRepository:
    """Comments, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self, song_id: uuid.UUID, author_id: str, author: str, new: NewComment, mentions: Sequence[Mention]
    ) -> Comment:
        """Add a comment."""
        values = {
            "song_id": song_id,
            "author_id": author_id,
            "author": author,
            "body": new.text,
            "parent_id": new.parent_id,
            "bar": new.pin.bar,
            "position_seconds": new.pin.seconds,
            "mentions": [asdict(mention) for mention in mentions],
        }
        comment_id = await self._session.scalar(insert(CommentRow).values(values).returning(CommentRow.id))
        await SongCountRepository(self._session).add(song_id, comments=1)
        return await self._get(comment_id)

    async def edit(self, comment_id: uuid.UUID, text: str, mentions: Sequence[Mention]) -> Comment | None:
        """Change the text of a comment; None if it can no longer be edited."""
        editable = (CommentRow.id == comment_id) & (CommentRow.created_at > func.now() - EDITABLE) & _VISIBLE
        values = {"body": text, "mentions": [asdict(mention) for mention in mentions], "edited_at": func.now()}
        found = await self._session.scalar(update(CommentRow).where(editable).values(values).returning(CommentRow.id))
        return None if found is None else await self._get(comment_id)

    async def page(
        self,
        song_id: uuid.UUID,
        reader_id: str | None,
        *,
        sort: CommentSort,
        limit: int,
        after: Position | None,
        parent_id: uuid.UUID | None = None,
    ) -> Page[Comment]:
        """Return the comments on a song with their first replies; with `parent_id`, the replies to that comment.

        Comments of users whom the reader has blocked are left out.
        """
        order: tuple[Any, ...] = (CommentRow.created_at, CommentRow.id)
        statement = _selected().where(
            CommentRow.song_id == song_id, CommentRow.parent_id == parent_id, *_unblocked(reader_id)
        )
        if after is not None:
            here, there = tuple_(*order), tuple_(after.value, after.id)
            statement = statement.where(here < there if sort is CommentSort.NEWEST else here > there)
        if sort is CommentSort.NEWEST:
            order = tuple(column.desc() for column in order)
        rows = await self._session.execute(statement.order_by(*order).limit(limit + 1))
        comments = [_comment(row) for row in rows]
        last = comments[limit - 1] if len(comments) > limit else None
        position = Position(Sort(sort.value), last.created_at, last.id) if last else None
        return Page(await self._with_replies(comments[:limit], reader_id), position)

    async def find(self, comment_id: uuid.UUID) -> Comment | None:
        """Return a comment with its text, even if it is hidden."""
        row = (await self._session.execute(_selected(hidden=True).where(CommentRow.id == comment_id))).one_or_none()
        return None if row is None else _comment(row)

    async def delete(self, comment: Comment) -> None:
        """Delete a comment permanently. One with replies keeps its place, without text and author. Idempotent."""
        was_counted = comment.state is CommentState.VISIBLE
        own = CommentRow.id == comment.id
        await self._session.execute(select(CommentRow.id).where(own).with_for_update())
        emptied = update(CommentRow).where(own, _HAS_REPLIES, CommentRow.deleted_at.is_(None)).values(_GONE)
        removed = delete(CommentRow).where(own, ~_HAS_REPLIES)
        done = False
        for statement in (emptied, removed):
            done = await self._session.scalar(statement.returning(CommentRow.id)) is not None or done
        await self._session.execute(delete(ReportRow).where(ReportRow.comment_id == comment.id))
        if comment.parent_id is not None:
            empty = and_(CommentRow.id == comment.parent_id, CommentRow.deleted_at.is_not(None), ~_HAS_REPLIES)
            await self._session.execute(delete(CommentRow).where(empty))
        if done and was_counted:
            await SongCountRepository(self._session).add(comment.song_id, comments=-1)

    async def hide(self, comment: Comment) -> bool:
        """Hide a comment from everyone but moderators; whether it was visible."""
        visible = (CommentRow.id == comment.id) & _VISIBLE
        statement = update(CommentRow).where(visible).values(hidden_at=func.now()).returning(CommentRow.id)
        hidden = await self._session.scalar(statement) is not None
        if hidden:
            await SongCountRepository(self._session).add(comment.song_id, comments=-1)
        return hidden

    async def report(self, comment_id: uuid.UUID, reporter_id: str, reason: Reason, note: str) -> None:
        """Store a report; there is one per user, and a later one replaces it."""
        values = {"comment_id": comment_id, "reporter_id": reporter_id, "reason": reason, "note": note}
        statement = insert(ReportRow).values(values)
        updated = {"reason": reason, "note": note}
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["comment_id", "reporter_id"], set_=updated)
        )

    async def _get(self, comment_id: Any) -> Comment:
        return _comment((await self._session.execute(_selected().where(CommentRow.id == comment_id))).one())

    async def _with_replies(self, comments: Sequence[Comment], reader_id: str | None) -> tuple[Comment, ...]:
        threads = [comment.id for comment in comments if comment.reply_count]
        if not threads:
            return tuple(comments)
        order = (CommentRow.created_at, CommentRow.id)
        number = func.row_number().over(partition_by=CommentRow.parent_id, order_by=order)
        wanted = CommentRow.parent_id.in_(threads), _VISIBLE, *_unblocked(reader_id)
        first = select(CommentRow.id, number.label("number")).where(*wanted).subquery()
        statement = _selected().join(first, first.c.id == CommentRow.id).where(first.c.number <= REPLIES_LISTED)
        replies: dict[uuid.UUID | None, list[Comment]] = defaultdict(list)
        for row in await self._session.execute(statement.order_by(*order)):
            reply = _comment(row)
            replies[reply.parent_id].append(reply)
        return tuple(replace(comment, replies=tuple(replies[comment.id])) for comment in comments)


def _unblocked(reader_id: str | None) -> list[ColumnElement[bool]]:
    if reader_id is None:
        return []
    return [~exists().where(BlockRow.user_id == reader_id, BlockRow.blocked_id == CommentRow.author_id)]


def _selected(*, hidden: bool = False) -> Select[Any]:
    columns: list[Any] = [
        CommentRow.id,
        CommentRow.song_id,
        CommentRow.author_id,
        func.coalesce(ProfileRow.display_name, CommentRow.author),
        CommentRow.author,
        ProfileRow.picture_key,
        CommentRow.body,
        CommentRow.parent_id,
        CommentRow.bar,
        CommentRow.position_seconds,
        CommentRow.mentions,
        CommentRow.created_at,
        CommentRow.edited_at,
        CommentRow.deleted_at,
        CommentRow.hidden_at,
        _REPLY_COUNT,
    ]
    statement = select(*columns).outerjoin(ProfileRow, ProfileRow.user_id == CommentRow.author_id)
    if hidden:
        return statement
    # A comment that is not visible stays only where replies need it.
    return statement.where(or_(_VISIBLE, _REPLY_COUNT > 0))


def _comment(row: Any) -> Comment:
    *start, bar, seconds, mentions, created_at, edited_at, deleted_at, hidden_at, replies = row
    comment_id, song_id, author_id, author, author_name, picture_key, body, parent_id = start
    state = CommentState.DELETED if deleted_at else CommentState.HIDDEN if hidden_at else CommentState.VISIBLE
    return Comment(
        id=comment_id,
        song_id=song_id,
        author_id=author_id,
        author=author,
        author_name=author_name,
        author_picture_key=picture_key,
        body=body,
        parent_id=parent_id,
        pin=Pin(bar, seconds),
        mentions=tuple(Mention(**mention) for mention in mentions),
        created_at=created_at,
        edited_at=edited_at,
        state=state,
        reply_count=replies,
    )
