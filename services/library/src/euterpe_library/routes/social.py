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
from euterpe_library.routes.queries import PageQuery
from euterpe_library.routes.responses import json_response
from euterpe_library.routes.schemas import SongPage
from euterpe_library.routes.social_schemas import (
    AuthorAnswer,
    CommentAnswer,
    CommentPage,
    CommentReport,
    Following,
    NewComment,
)
from euterpe_library.services import listings, social
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
    await social.like(session, song_id, user.id)


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
    session: ReadSessionDep, user: OptionalUser, song_id: SongId, query: Annotated[PageQuery, Query()]
) -> CommentPage:
    """The comments on a song, newest first."""
    reader_id = user.id if user else None
    return CommentPage.of(await social.comments(session, song_id, reader_id, limit=query.limit, after=query.after))


@router.post(
    "/songs/{song_id}/comments",
    tags=["comments"],
    summary="Comment on a song",
    status_code=201,
    responses=problem_responses(404),
)
async def comment_on_song(session: SessionDep, user: RegisteredUser, song_id: SongId, new: NewComment) -> CommentAnswer:
    """Adds a comment of up to 2,000 characters of plain text. Answers 403 if the song's owner has closed comments."""
    return CommentAnswer.of(await social.comment(session, song_id, user, new.text))


@router.delete(
    "/library/comments/{comment_id}",
    tags=["comments"],
    summary="Delete a comment",
    status_code=204,
    responses=problem_responses(404),
)
async def delete_comment(session: SessionDep, user: RegisteredUser, comment_id: CommentId) -> None:
    """Deletes a comment that you wrote, or one on a song of yours."""
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
    """Reports the comment to the operators. A second report of yours replaces the first."""
    await social.report_comment(session, comment_id, user.id, report.reason, report.note)


@router.get("/library/authors/{author_id}", tags=["authors"], summary="Get an author", responses=problem_responses(404))
async def get_author(session: ReadSessionDep, user: OptionalUser, author_id: AuthorId) -> AuthorAnswer:
    """A user with public songs. The songs are at `/library/explore?author=`."""
    return AuthorAnswer.of(await social.author(session, author_id, user.id if user else None))


@router.put(
    "/library/authors/{author_id}/follow",
    tags=["authors"],
    summary="Follow an author",
    status_code=204,
    responses=problem_responses(404, 409),
)
async def follow_author(session: SessionDep, user: RegisteredUser, author_id: AuthorId) -> None:
    """Follows the author. Idempotent. Their songs are at `/library/explore?following=true`."""
    await social.follow(session, author_id, user.id)


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


@router.get("/library/following", tags=["authors"], summary="List followed authors")
async def list_followed_authors(session: ReadSessionDep, user: CurrentUser) -> Following:
    """The authors that you follow, the latest followed first."""
    return Following(author_ids=await social.followed(session, user.id))
