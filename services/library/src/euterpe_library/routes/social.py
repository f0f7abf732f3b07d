"""Likes, comments and authors."""

import uuid
from typing import Annotated

from euterpe_service_kit.database import ReadSessionDep, SessionDep
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser, OptionalUser, RegisteredUser
from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator

from euterpe_library.dependencies import SongId
from euterpe_library.domain.filters import Liked, SongFilter
from euterpe_library.domain.titles import without_controls
from euterpe_library.routes.comment_schemas import (
    CommentAnswer,
    CommentChanges,
    CommentPage,
    CommentQuery,
    NewCommentBody,
)
from euterpe_library.routes.queries import PageQuery
from euterpe_library.routes.responses import json_response
from euterpe_library.routes.schemas import SongPage
from euterpe_library.routes.social_schemas import (
    AuthorAnswer,
    BlockedUser,
    BlockedUsers,
    CommentReport,
    Following,
)
from euterpe_library.services import community, listings, profiles, social
from euterpe_library.services.listings import PageRequest

router = APIRouter(prefix="/api/v1", responses=problem_responses(401, 403, 422, 503))

CommentId = Annotated[
    uuid.UUID, Path(description="The comment's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])
]
AuthorId = Annotated[
    str,
    Path(
        description="`author_id` of a song.",
        min_length=1,
        max_length=200,
        examples=["0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"],
    ),
    AfterValidator(without_controls),
]


@router.put(
    "/songs/{song_id}/like", tags=["likes"], summary="Like a song", status_code=204, responses=problem_responses(404)
)
async def like_song(session: SessionDep, user: RegisteredUser, song_id: SongId) -> None:
    """Likes the song. Idempotent."""
    await social.like(session, song_id, user)


@router.delete(
    "/songs/{song_id}/like",
    tags=["likes"],
    summary="Unlike a song",
    status_code=204,
    responses=problem_responses(404),
)
async def unlike_song(session: SessionDep, user: RegisteredUser, song_id: SongId) -> None:
    """Removes your like. Idempotent."""
    await social.unlike(session, song_id, user.id)


@router.get("/library/likes", tags=["likes"], summary="List liked songs", response_model=SongPage)
async def list_liked_songs(
    session: ReadSessionDep, user: CurrentUser, query: Annotated[PageQuery, Query()]
) -> Response:
    """Songs that you like and may still read, the latest liked first."""
    request = PageRequest(limit=query.limit, after=query.after, reader_id=user.id)
    return json_response(SongPage.of(await listings.page(session, Liked(user.id), SongFilter(), request)))


@router.get("/songs/{song_id}/comments", tags=["comments"], summary="List comments", responses=problem_responses(404))
async def list_comments(
    session: ReadSessionDep, user: OptionalUser, song_id: SongId, query: Annotated[CommentQuery, Query()]
) -> CommentPage:
    """The comments on a song, each with its first 20 replies, oldest first. With `parent`, all replies to a comment.

    Comments of users whom you have blocked are left out. A comment that was deleted or hidden by a moderator is listed
    only if it has replies, without text and author.
    """
    found = await social.comments(
        session,
        song_id,
        user.id if user else None,
        sort=query.sort,
        limit=query.limit,
        after=query.after,
        parent_id=query.parent,
    )
    return CommentPage.of(found)


@router.post(
    "/songs/{song_id}/comments",
    tags=["comments"],
    summary="Comment on a song",
    status_code=201,
    responses=problem_responses(404),
)
async def comment_on_song(
    session: SessionDep, user: RegisteredUser, song_id: SongId, new: NewCommentBody
) -> CommentAnswer:
    """Adds a comment of up to 2,000 characters of plain text, or a reply to a comment (`parent_id`). `@name` mentions a
    user, who is notified. A comment can be pinned to a bar or a time of the piece (`position`). Answers 403 if the
    song's owner has closed comments or blocked you.
    """
    return CommentAnswer.of(await social.comment(session, song_id, user, new.comment()))


@router.patch(
    "/library/comments/{comment_id}",
    tags=["comments"],
    summary="Edit a comment",
    responses=problem_responses(404, 409),
)
async def edit_comment(
    session: SessionDep, user: RegisteredUser, comment_id: CommentId, changes: CommentChanges
) -> CommentAnswer:
    """Changes the text of your comment within 15 minutes. The comment is marked with the time (`edited_at`)."""
    return CommentAnswer.of(await social.edit_comment(session, comment_id, user, changes.text))


@router.delete(
    "/library/comments/{comment_id}",
    tags=["comments"],
    summary="Delete a comment",
    status_code=204,
    responses=problem_responses(404),
)
async def delete_comment(session: SessionDep, user: RegisteredUser, comment_id: CommentId) -> None:
    """Deletes a comment that you wrote, or one on a song of yours. Replies to it are kept."""
    await social.delete_comment(session, comment_id, user.id)


@router.put(
    "/library/comments/{comment_id}/report",
    tags=["comments"],
    summary="Report a comment",
    status_code=204,
    responses=problem_responses(404),
)
async def report_comment(
    session: SessionDep, user: RegisteredUser, comment_id: CommentId, report: CommentReport
) -> None:
    """Reports the comment to the moderators, who decide. You are notified of the decision. A second report of yours
    replaces the first.
    """
    await social.report_comment(session, comment_id, user, report.reason, report.note)


@router.get("/library/authors/{author_id}", tags=["authors"], summary="Get an author", responses=problem_responses(404))
async def get_author(session: ReadSessionDep, user: OptionalUser, author_id: AuthorId) -> AuthorAnswer:
    """A user with public songs, or who has taken part in the community. The songs are at `/library/explore?author=`."""
    return AuthorAnswer.of(await profiles.public(session, author_id, user.id if user else None))


@router.put(
    "/library/authors/{author_id}/follow",
    tags=["authors"],
    summary="Follow an author",
    status_code=204,
    responses=problem_responses(404, 409),
)
async def follow_author(session: SessionDep, user: RegisteredUser, author_id: AuthorId) -> None:
    """Follows the author. Idempotent. Their songs are at `/library/explore?following=true`."""
    await social.follow(session, author_id, user)


@router.delete(
    "/library/authors/{author_id}/follow",
    tags=["authors"],
    summary="Unfollow an author",
    status_code=204,
    responses=problem_responses(404),
)
async def unfollow_author(session: SessionDep, user: RegisteredUser, author_id: AuthorId) -> None:
    """Unfollows the author. Idempotent."""
    await social.unfollow(session, author_id, user.id)


@router.get("/library/blocked", tags=["authors"], summary="List blocked users")
async def list_blocked_users(session: ReadSessionDep, user: CurrentUser) -> BlockedUsers:
    """The users that you have blocked, the latest first."""
    found = await community.blocked(session, user.id)
    return BlockedUsers(items=[BlockedUser(id=each.id, name=each.name) for each in found])


@router.put(
    "/library/authors/{author_id}/block",
    tags=["authors"],
    summary="Block a user",
    status_code=204,
    responses=problem_responses(409),
)
async def block_user(session: SessionDep, user: RegisteredUser, author_id: AuthorId) -> None:
    """Blocks the user: likes and comments on your songs, replies to you and follows are refused. You see none of their
    comments. Follows in both directions end. Idempotent.
    """
    await community.block(session, user.id, author_id)


@router.delete("/library/authors/{author_id}/block", tags=["authors"], summary="Unblock a user", status_code=204)
async def unblock_user(session: SessionDep, user: RegisteredUser, author_id: AuthorId) -> None:
    """Unblocks the user. Idempotent."""
    await community.unblock(session, user.id, author_id)


@router.get("/library/following", tags=["authors"], summary="List followed authors")
async def list_followed_authors(session: ReadSessionDep, user: CurrentUser) -> Following:
    """The authors that you follow, the latest followed first."""
    return Following(author_ids=await social.followed(session, user.id))
