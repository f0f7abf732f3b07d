"""Likes, comments and follows. Every function runs in its caller's transaction."""

import uuid

from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.social import MAX_FOLLOWS, Author, Comment, Reason
from euterpe_library.errors import AuthorNotFound, CommentNotFound, CommentsClosed, NotYours, TooMany
from euterpe_library.services.songs import find
from euterpe_library.storage.comments import CommentRepository
from euterpe_library.storage.follows import FollowRepository
from euterpe_library.storage.likes import LikeRepository
from euterpe_library.storage.songs import SongRepository


async def like(session: AsyncSession, song_id: uuid.UUID, listener_id: str) -> None:
    """Raises SongNotFound for a song that the listener may not read."""
    await find(session, song_id, listener_id)
    await LikeRepository(session).add(song_id, listener_id)


async def unlike(session: AsyncSession, song_id: uuid.UUID, listener_id: str) -> None:
    """Raises SongNotFound for a song that the listener may not read."""
    await find(session, song_id, listener_id)
    await LikeRepository(session).remove(song_id, listener_id)


async def comment(session: AsyncSession, song_id: uuid.UUID, author: Principal, text: str) -> Comment:
    """Says something about a song. Raises SongNotFound, CommentsClosed."""
    song = await find(session, song_id, author.id)
    if not song.comments_open:
        raise CommentsClosed
    return await CommentRepository(session).add(song_id, author.id, author.name, text)


async def comments(
    session: AsyncSession, song_id: uuid.UUID, reader_id: str | None, *, limit: int, after: Position | None
) -> Page[Comment]:
    """What was said about a song, the newest first. Raises SongNotFound."""
    await find(session, song_id, reader_id)
    return await CommentRepository(session).page(song_id, limit=limit, after=after)


async def delete_comment(session: AsyncSession, comment_id: uuid.UUID, listener_id: str) -> None:
    """By who wrote it, or by the song's owner. Raises CommentNotFound; NotYours for anybody else."""
    found = await CommentRepository(session).find(comment_id)
    if found is None:
        raise CommentNotFound
    # Who wrote it may take it back even when the song was made private since.
    if found.author_id != listener_id:
        song = await SongRepository(session).find(found.song_id, listener_id)
        if song is None:
            raise CommentNotFound
        if song.owner_id != listener_id:
            raise NotYours("comment")
    await CommentRepository(session).delete(found)


async def report_comment(
    session: AsyncSession, comment_id: uuid.UUID, listener_id: str, reason: Reason, note: str
) -> None:
    """Tells the operators that a comment should not be there. Raises CommentNotFound."""
    comments = CommentRepository(session)
    found = await comments.find(comment_id)
    if found is None or await SongRepository(session).find(found.song_id, listener_id) is None:
        raise CommentNotFound
    await comments.report(comment_id, listener_id, reason, note)


async def author(session: AsyncSession, author_id: str, reader_id: str | None) -> Author:
    """Raises AuthorNotFound when nothing of theirs is public."""
    found = await FollowRepository(session).author(author_id, reader_id)
    if found is None:
        raise AuthorNotFound
    return found


async def follow(session: AsyncSession, author_id: str, listener_id: str) -> None:
    """Raises AuthorNotFound, TooMany."""
    await author(session, author_id, listener_id)
    follows = FollowRepository(session)
    if len(set(await follows.followed(listener_id)) - {author_id}) >= MAX_FOLLOWS:
        raise TooMany("authors whom one follows", MAX_FOLLOWS)
    await follows.add(author_id, listener_id)


async def unfollow(session: AsyncSession, author_id: str, listener_id: str) -> None:
    """Nothing happens when they were not followed."""
    await FollowRepository(session).remove(author_id, listener_id)


async def followed(session: AsyncSession, listener_id: str) -> list[str]:
    """The ids of the authors whom the listener follows, the latest first."""
    return await FollowRepository(session).followed(listener_id)
