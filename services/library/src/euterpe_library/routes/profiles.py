"""Profiles of users: name, text, picture, playlists and followers; and the lineage of songs."""

from typing import Annotated, Any

from euterpe_service_kit.database import ReadSessionDep, SessionDep
from euterpe_service_kit.etags import none_match, strong_etag
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import OptionalUser, RegisteredUser
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from euterpe_library.dependencies import IfNoneMatch, ReadableSong
from euterpe_library.domain.profile import (
    MAX_PICTURE_BYTES,
    PICTURE_CONTENT_TYPE,
    PICTURE_FORMATS,
    PICTURE_SIZE,
    Bio,
    DisplayName,
    Follower,
    Profile,
)
from euterpe_library.routes.profile_schemas import PICTURE_FIELD, picture_url
from euterpe_library.routes.queries import PageQuery
from euterpe_library.routes.schemas import SongAnswer
from euterpe_library.routes.social import AuthorId
from euterpe_library.routes.social_schemas import PlaylistPage
from euterpe_library.services import profiles
from euterpe_library.services.lineage import LISTED, lineage
from euterpe_library.services.profiles import Pictures

router = APIRouter(prefix="/api/v1", tags=["authors"], responses=problem_responses(401, 403, 422, 503))

_USER_ID = "0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"A picture of at most {MAX_PICTURE_BYTES:,} bytes and 16 megapixels.",
        "content": dict.fromkeys(PICTURE_FORMATS, _BINARY),
    }
}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": f"{PICTURE_SIZE} × {PICTURE_SIZE} pixels.", "content": {PICTURE_CONTENT_TYPE: _BINARY}},
    304: {"description": "The client has this picture already (`If-None-Match`)."},
}


class ProfileAnswer(BaseModel):
    """Your profile."""

    id: str = Field(examples=[_USER_ID])
    username: str = Field(examples=["clara"], description="The account's name, by which others mention you.")
    display_name: str | None = Field(examples=["Clara Schumann"], description="Shown instead of the account's name.")
    bio: str = Field(examples=["Pianist in Leipzig."])
    picture_url: str | None = Field(**PICTURE_FIELD)
    is_moderator: bool = Field(description="Whether you decide reports.")

    @classmethod
    def of(cls, profile: Profile, *, is_moderator: bool) -> "ProfileAnswer":
        """Convert a profile."""
        return cls(
            id=profile.user_id,
            username=profile.name,
            display_name=profile.display_name,
            bio=profile.bio,
            picture_url=picture_url(profile.user_id, profile.picture_key),
            is_moderator=is_moderator,
        )


class ProfileBody(BaseModel):
    """What to show of yourself."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"display_name": "Clara Schumann", "bio": "Pianist in Leipzig."}]},
    )

    display_name: DisplayName | None = Field(default=None, description="Null: the account's name.")
    bio: Bio = Field(default="", description="Plain text.")


class ListedUser(BaseModel):
    """A user in a list."""

    id: str = Field(examples=[_USER_ID])
    name: str = Field(examples=["Clara Schumann"], description="The display name, or else the account's name.")
    username: str = Field(examples=["clara"])
    picture_url: str | None = Field(**PICTURE_FIELD)

    @classmethod
    def of(cls, user: Follower) -> "ListedUser":
        """Convert a user."""
        picture = picture_url(user.id, user.picture_key)
        return cls(id=user.id, name=user.name, username=user.username, picture_url=picture)


class Followers(BaseModel):
    """The latest users who follow an author."""

    items: list[ListedUser]
    more: bool = Field(description="Whether there are more.")


class LineageAnswer(BaseModel):
    """What a song derives from, and what derives from it: remixes, continuations and accompaniments."""

    source: SongAnswer | None = Field(description="Null if there is none that you may read.")
    derived: list[SongAnswer] = Field(description="Public songs and your own, newest first.")


def get_pictures(request: Request) -> Pictures:
    """Return the use cases of pictures."""
    pictures: Pictures = request.app.state.pictures
    return pictures


PicturesDep = Annotated[Pictures, Depends(get_pictures)]


@router.get("/library/profile", summary="Get your profile")
async def get_profile(session: ReadSessionDep, user: RegisteredUser) -> ProfileAnswer:
    """What you show of yourself. Others see it at `/library/authors/{author_id}`."""
    profile, is_moderator = await profiles.own(session, user)
    return ProfileAnswer.of(profile, is_moderator=is_moderator)


@router.put("/library/profile", summary="Change your profile")
async def put_profile(session: SessionDep, user: RegisteredUser, body: ProfileBody) -> ProfileAnswer:
    """Sets your display name and text. Songs and comments show the display name instead of the account's name."""
    await profiles.change(session, user, body.display_name, body.bio)
    profile, is_moderator = await profiles.own(session, user)
    return ProfileAnswer.of(profile, is_moderator=is_moderator)


@router.put(
    "/library/profile/picture",
    summary="Set your picture",
    status_code=204,
    openapi_extra=_PICTURE_BODY,
    responses=problem_responses(413),
)
async def put_picture(request: Request, pictures: PicturesDep, user: RegisteredUser) -> None:
    """Sets your picture: its middle, as a square, without metadata. PNG, JPEG and WebP are accepted."""
    await pictures.put(user, await request.body())


@router.delete("/library/profile/picture", summary="Remove your picture", status_code=204)
async def delete_picture(pictures: PicturesDep, user: RegisteredUser) -> None:
    """Removes your picture. Idempotent."""
    await pictures.remove(user)


@router.get(
    "/library/profiles/{author_id}/picture",
    summary="Get the picture of a user",
    response_class=Response,
    responses={**_PICTURE, **problem_responses(404)},
)
async def get_picture(
    pictures: PicturesDep,
    author_id: AuthorId,
    v: Annotated[
        str | None,
        Query(max_length=64, description="The version in `picture_url`, for caches.", examples=["9f86d081884c"]),
    ] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The user's picture. With the current `v`, it can be cached for a year."""
    digest, content = await pictures.read(author_id)
    etag = strong_etag(digest)
    is_version = v is not None and len(v) >= 8 and digest.startswith(v)
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=31536000, immutable" if is_version else "public, max-age=60",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    if not none_match(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=PICTURE_CONTENT_TYPE, headers=headers)


@router.get("/library/authors/{author_id}/playlists", summary="List the public playlists of a user")
async def list_author_playlists(
    session: ReadSessionDep, _: OptionalUser, author_id: AuthorId, query: Annotated[PageQuery, Query()]
) -> PlaylistPage:
    """The user's public playlists, newest first."""
    return PlaylistPage.of(await profiles.playlists(session, author_id, limit=query.limit, after=query.after))


@router.get("/library/authors/{author_id}/followers", summary="List the followers of a user")
async def list_followers(
    session: ReadSessionDep, _: OptionalUser, author_id: AuthorId, limit: Annotated[int, Query(ge=1, le=100)] = 50
) -> Followers:
    """The latest users who follow the user."""
    found = await profiles.followers(session, author_id, limit=limit)
    return Followers(items=[ListedUser.of(user) for user in found.users], more=found.more)


@router.get(
    "/songs/{song_id}/lineage",
    tags=["songs"],
    summary="Get the lineage of a song",
    description=f"The song that it derives from, and up to {LISTED} songs that derive from it.",
    responses=problem_responses(404),
)
async def get_lineage(session: ReadSessionDep, user: OptionalUser, song: ReadableSong) -> LineageAnswer:
    """Return the lineage of a song."""
    found = await lineage(session, song, user.id if user else None)
    source = None if found.source is None else SongAnswer.of(found.source)
    return LineageAnswer(source=source, derived=[SongAnswer.of(each) for each in found.derived])
