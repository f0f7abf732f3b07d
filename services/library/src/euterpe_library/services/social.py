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


async def like(session: AsyncSession, song_id: uuid.UUID, user_id: str) -> None:
    """Like a song. Idempotent. Raises SongNotFound."""
    await find(session, song_id, user_id)
    await LikeRepository(session).add(song_id, user_id)


async def unlike(session: AsyncSession, song_id: uuid.UUID, user_id: str) -> None:
    """Remove the like. Idempotent. Raises SongNotFound."""
    await find(session, song_id, user_id)
    await LikeRepository(session).remove(song_id, user_id)


async def comment(session: AsyncSession, song_id: uuid.UUID, author: Principal, text: str) -> Comment:
    """Comment on a song. Raises SongNotFound, CommentsClosed."""
    song = await find(session, song_id, author.id)
    if not song.comments_open:
        raise CommentsClosed
    return await CommentRepository(session).add(song_id, author.id, author.name, text)


async def comments(
    session: AsyncSession, song_id: uuid.UUID, reader_id: str | None, *, limit: int, after: Position | None
) -> Page[Comment]:
    """Return the comments on a song, newest first. Raises SongNotFound."""
    await find(session, song_id, reader_id)
    return await CommentRepository(session).page(song_id, limit=limit, after=after)


async def delete_comment(session: AsyncSession, comment_id: uuid.UUID, user_id: str) -> None:
    """Delete a comment as its author or as the song's owner. Raises CommentNotFound, and NotYours for others."""
    found = await CommentRepository(session).find(comment_id)
    if found is None:
        raise CommentNotFound
    # The author may delete it even after the song was made private.
    if found.author_id != user_id:
        song = await SongRepository(session).find(found.song_id, user_id)
        if song is None:
            raise CommentNotFound
        if song.owner_id != user_id:
            raise NotYours("comment")
    await CommentRepository(session).delete(found)


async def report_comment(session: AsyncSession, comment_id: uuid.UUID, user_id: str, reason: Reason, note: str) -> None:
    """Report a comment to the operators. Raises CommentNotFound."""
    comments = CommentRepository(session)
    found = await comments.find(comment_id)
    if found is None or await SongRepository(session).find(found.song_id, user_id) is None:
        raise CommentNotFound
    await comments.report(comment_id, user_id, reason, note)


async def author(session: AsyncSession, author_id: str, reader_id: str | None) -> Author:
    """Return an author. Raises AuthorNotFound."""
    found = await FollowRepository(session).author(author_id, reader_id)
    if found is None:
        raise AuthorNotFound
    return found


async def follow(session: AsyncSession, author_id: str, user_id: str) -> None:
    """Follow an author. Idempotent. Raises AuthorNotFound, TooMany."""
    await author(session, author_id, user_id)
    follows = FollowRepository(session)
    if len(set(await follows.followed(user_id)) - {author_id}) >= MAX_FOLLOWS:
        raise TooMany("followed authors", MAX_FOLLOWS)
    await follows.add(author_id, user_id)


async def unfollow(session: AsyncSession, author_id: str, user_id: str) -> None:
    """Unfollow an author. Idempotent."""
    await FollowRepository(session).remove(author_id, user_id)


async def followed(session: AsyncSession, user_id: str) -> list[str]:
    """Return the ids of the authors that the user follows, the latest followed first."""
    return await FollowRepository(session).followed(user_id)
