"""Likes, comments and follows, with their notifications. Every function runs in its caller's transaction."""

import uuid

from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.notifications import Event, Kind, excerpt
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.social import (
    MAX_FOLLOWS,
    Comment,
    CommentSort,
    CommentState,
    NewComment,
    Reason,
)
from euterpe_library.domain.song import Song
from euterpe_library.errors import (
    CommentNotEditable,
    CommentNotFound,
    CommentsClosed,
    NotYours,
    TooMany,
)
from euterpe_library.services import profiles
from euterpe_library.services.community import mentions_in, require_unblocked, take_part
from euterpe_library.services.songs import find
from euterpe_library.storage.comments import CommentRepository
from euterpe_library.storage.follows import FollowRepository
from euterpe_library.storage.likes import LikeRepository
from euterpe_library.storage.notifications import NotificationRepository
from euterpe_library.storage.songs import SongRepository


async def like(session: AsyncSession, song_id: uuid.UUID, user: Principal) -> None:
    """Like a song. Idempotent. Raises SongNotFound, Banned, Blocked."""
    song = await find(session, song_id, user.id)
    await take_part(session, user)
    await require_unblocked(session, [song.owner_id], user.id)
    if await LikeRepository(session).add(song_id, user.id):
        subject = f"like:{song_id}:{user.id}"
        event = Event(song.owner_id, Kind.LIKE, subject, user.id, user.name, song_id)
        await NotificationRepository(session).add(event)


async def unlike(session: AsyncSession, song_id: uuid.UUID, user_id: str) -> None:
    """Remove the like. Idempotent. Raises SongNotFound."""
    await find(session, song_id, user_id)
    await LikeRepository(session).remove(song_id, user_id)


async def comment(session: AsyncSession, song_id: uuid.UUID, author: Principal, new: NewComment) -> Comment:
    """Comment on a song, or reply to a comment.

    Raises SongNotFound, CommentsClosed, CommentNotFound, Unprocessable, Banned, Blocked.
    """
    song = await find(session, song_id, author.id)
    if not song.comments_open:
        raise CommentsClosed
    await take_part(session, author)
    _require_within(song, new)
    comments = CommentRepository(session)
    parent = None if new.parent_id is None else await comments.find(new.parent_id)
    if new.parent_id is not None:
        is_thread = parent is not None and parent.song_id == song_id and parent.parent_id is None
        if parent is None or not is_thread or parent.state is not CommentState.VISIBLE:
            raise CommentNotFound
    await require_unblocked(session, [song.owner_id, *([parent.author_id] if parent else [])], author.id)
    mentions = await mentions_in(session, new.text)
    added = await comments.add(song_id, author.id, author.name, new, mentions)
    await _notify_of_comment(session, song, parent, added)
    return added


async def edit_comment(session: AsyncSession, comment_id: uuid.UUID, user: Principal, text: str) -> Comment:
    """Change the text of an own comment within 15 minutes; newly mentioned users are notified.

    Raises CommentNotFound, NotYours, CommentsClosed, CommentNotEditable, Banned.
    """
    comments = CommentRepository(session)
    found = await comments.find(comment_id)
    song = None if found is None else await SongRepository(session).find(found.song_id, user.id)
    if found is None or song is None or found.state is CommentState.DELETED:
        raise CommentNotFound
    if found.author_id != user.id:
        raise NotYours("comment")
    if not song.comments_open:
        raise CommentsClosed
    await take_part(session, user)
    mentions = await mentions_in(session, text)
    edited = await comments.edit(comment_id, text, mentions)
    if edited is None:
        raise CommentNotEditable
    await NotificationRepository(session).add(*_mention_events(song, edited))
    return edited


async def comments(
    session: AsyncSession,
    song_id: uuid.UUID,
    reader_id: str | None,
    *,
    sort: CommentSort,
    limit: int,
    after: Position | None,
    parent_id: uuid.UUID | None = None,
) -> Page[Comment]:
    """Return the comments on a song, or the replies to one of them. Raises SongNotFound."""
    await find(session, song_id, reader_id)
    repository = CommentRepository(session)
    return await repository.page(song_id, reader_id, sort=sort, limit=limit, after=after, parent_id=parent_id)


async def delete_comment(session: AsyncSession, comment_id: uuid.UUID, user_id: str) -> None:
    """Delete a comment as its author or as the song's owner. Raises CommentNotFound, and NotYours for others."""
    found = await CommentRepository(session).find(comment_id)
    if found is None or found.state is CommentState.DELETED:
        raise CommentNotFound
    # The author may delete it even after the song was made private.
    if found.author_id != user_id:
        song = await SongRepository(session).find(found.song_id, user_id)
        if song is None:
            raise CommentNotFound
        if song.owner_id != user_id:
            raise NotYours("comment")
    await CommentRepository(session).delete(found)


async def report_comment(
    session: AsyncSession, comment_id: uuid.UUID, user: Principal, reason: Reason, note: str
) -> None:
    """Report a comment to the moderators. Raises CommentNotFound, Banned."""
    comments = CommentRepository(session)
    found = await comments.find(comment_id)
    if found is None or found.state is not CommentState.VISIBLE:
        raise CommentNotFound
    if await SongRepository(session).find(found.song_id, user.id) is None:
        raise CommentNotFound
    await take_part(session, user)
    await comments.report(comment_id, user.id, reason, note)


async def follow(session: AsyncSession, author_id: str, user: Principal) -> None:
    """Follow an author. Idempotent. Raises AuthorNotFound, TooMany, Banned, Blocked."""
    await profiles.public(session, author_id, user.id)
    await take_part(session, user)
    await require_unblocked(session, [author_id], user.id)
    follows = FollowRepository(session)
    if len(set(await follows.followed(user.id)) - {author_id}) >= MAX_FOLLOWS:
        raise TooMany("followed authors", MAX_FOLLOWS)
    if await follows.add(author_id, user.id):
        event = Event(author_id, Kind.FOLLOW, f"follow:{user.id}", user.id, user.name)
        await NotificationRepository(session).add(event)


async def unfollow(session: AsyncSession, author_id: str, user_id: str) -> None:
    """Unfollow an author. Idempotent."""
    await FollowRepository(session).remove(author_id, user_id)


async def followed(session: AsyncSession, user_id: str) -> list[str]:
    """Return the ids of the authors that the user follows, the latest followed first."""
    return await FollowRepository(session).followed(user_id)


def _require_within(song: Song, new: NewComment) -> None:
    seconds = new.pin.seconds
    if seconds is not None and seconds > song.duration_seconds:
        limit = {"max_seconds": song.duration_seconds}
        problem = FieldProblem("body.position.seconds", "Must be within the piece", limit)
        raise Unprocessable(
            f"{problem.field}: must be at most {song.duration_seconds:.1f} seconds, got {seconds:.1f}", fields=[problem]
        )


async def _notify_of_comment(session: AsyncSession, song: Song, parent: Comment | None, added: Comment) -> None:
    # One notification per comment and recipient: of its closest relation to them, which comes first.
    events = [] if parent is None else [_event(parent.author_id, Kind.REPLY, added)]
    events += [*_mention_events(song, added), _event(song.owner_id, Kind.COMMENT, added)]
    recipients: dict[str, Event] = {}
    for event in events:
        recipients.setdefault(event.recipient_id, event)
    await NotificationRepository(session).add(*recipients.values())


def _mention_events(song: Song, comment: Comment) -> list[Event]:
    # Only the owner can read the comments on a private song.
    return [
        _event(mention.id, Kind.MENTION, comment)
        for mention in comment.mentions
        if song.visibility != Visibility.PRIVATE or mention.id == song.owner_id
    ]


def _event(recipient_id: str, kind: Kind, comment: Comment) -> Event:
    return Event(
        recipient_id,
        kind,
        f"comment:{comment.id}",
        comment.author_id,
        comment.author_name,
        comment.song_id,
        comment.id,
        excerpt(comment.body),
    )
