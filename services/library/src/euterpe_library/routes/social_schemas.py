"""Share links, authors and playlists as requests and responses of the HTTP API.

The names `*Answer` are kept, as they are published in the OpenAPI document and used by generated clients.
"""

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.page import Page
from euterpe_library.domain.profile import PublicProfile
from euterpe_library.domain.share import MAX_DAYS, MAX_LABEL_LENGTH, Share
from euterpe_library.domain.social import (
    MAX_PLAYLIST_SONGS,
    Description,
    Note,
    Playlist,
    Reason,
)
from euterpe_library.domain.song import Song
from euterpe_library.domain.titles import Title, without_controls
from euterpe_library.routes.profile_schemas import PICTURE_FIELD, picture_url
from euterpe_library.routes.schemas import SongAnswer, without_default

_ID = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
_AUTHOR_ID = "0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"
_CURSOR = Field(
    default=None, description="`cursor` of the next page; null on the last one.", examples=["WyJuZXdlc3QiLDE3Nl0"]
)
_FORBID = ConfigDict(extra="forbid")


class NewShare(BaseModel):
    """A share link to create."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"days": 7, "allow_download": False, "label": "for Clara"}]}
    )

    days: int | None = Field(
        default=30, ge=1, le=MAX_DAYS, strict=True, description="Days until it expires; null: valid until revoked."
    )
    allow_download: bool = Field(default=True, strict=True, description="Whether the MIDI file may be downloaded.")
    label: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=MAX_LABEL_LENGTH), AfterValidator(without_controls)
    ] = Field(default="", description="Your own name for the link.")


class ShareAnswer(BaseModel):
    """A share link, as the song's owner sees it."""

    id: uuid.UUID = Field(examples=[_ID])
    label: str = Field(examples=["for Clara"])
    allow_download: bool
    expires_at: datetime | None
    view_count: int = Field(examples=[12])
    last_viewed_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, share: Share) -> "ShareAnswer":
        """Convert a link, without its token."""
        return cls.model_validate(share, from_attributes=True)


class NewShareAnswer(ShareAnswer):
    """A new share link with its token, which is in this response only."""

    token: str = Field(examples=["mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"])
    url: str = Field(examples=["/api/v1/library/shared/mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"])


class ShareList(BaseModel):
    """The links to a song that were not revoked, oldest first."""

    items: list[ShareAnswer]


class SharedSong(BaseModel):
    """The song of a share link."""

    song: SongAnswer
    allow_download: bool
    expires_at: datetime | None

    @classmethod
    def of(cls, share: Share, song: Song, midi_url: str) -> "SharedSong":
        """Convert the song; its MIDI URL is under the link, if downloads are allowed."""
        answer = SongAnswer.of(song).model_copy(update={"midi_url": midi_url if share.allow_download else None})
        return cls.model_construct(song=answer, allow_download=share.allow_download, expires_at=share.expires_at)


class CommentReport(BaseModel):
    """Reason for reporting a comment."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "spam", "note": "An advert."}]}
    )

    reason: Reason
    note: Note = ""


class AuthorAnswer(BaseModel):
    """A user with public songs, or who has taken part in the community."""

    id: str = Field(examples=[_AUTHOR_ID])
    name: str = Field(examples=["Clara Schumann"], description="The display name, or else the account's name.")
    username: str = Field(examples=["clara"], description="The account's name, by which others mention the user.")
    bio: str = Field(examples=["Pianist in Leipzig."], description="Plain text.")
    picture_url: str | None = Field(**PICTURE_FIELD)
    songs: int = Field(examples=[12], description="Number of public songs.")
    followers: int = Field(examples=[3])
    following: int = Field(examples=[5], description="Number of authors whom the user follows.")
    followed: bool = Field(description="Whether you follow the author.")
    blocked: bool = Field(description="Whether you have blocked the user.")

    @classmethod
    def of(cls, found: PublicProfile) -> "AuthorAnswer":
        """Convert an author."""
        author, profile = found.author, found.profile
        return cls(
            id=author.id,
            name=profile.display_name or profile.name,
            username=profile.name,
            bio=profile.bio,
            picture_url=picture_url(author.id, profile.picture_key),
            songs=author.songs,
            followers=author.followers,
            following=found.following,
            followed=author.followed,
            blocked=found.blocked,
        )


class Following(BaseModel):
    """Authors that you follow."""

    author_ids: list[str] = Field(examples=[[_AUTHOR_ID]])


class BlockedUser(BaseModel):
    """A user whom you have blocked."""

    id: str = Field(examples=[_AUTHOR_ID])
    name: str = Field(examples=["robert"], description="Empty if the user has never taken part.")


class BlockedUsers(BaseModel):
    """The users that you have blocked."""

    items: list[BlockedUser]


class NewPlaylist(BaseModel):
    """A playlist to create."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "For rainy days"}]})

    title: Title
    description: Description = ""
    visibility: Visibility = Visibility.PRIVATE


class PlaylistChanges(BaseModel):
    """Fields of a playlist to change; omitted fields are unchanged."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"visibility": "unlisted"}]})

    title: Title = Field(default="", json_schema_extra=without_default)
    description: Description = Field(default="", json_schema_extra=without_default)
    visibility: Visibility = Field(default=Visibility.PRIVATE, json_schema_extra=without_default)

    @model_validator(mode="after")
    def _something(self) -> "PlaylistChanges":
        if not self.model_fields_set:
            raise PydanticCustomError("nothing", "Must contain at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """Return the given fields only."""
        return self.model_dump(exclude_unset=True)


def _unique(song_ids: list[uuid.UUID]) -> list[uuid.UUID]:
    if len(set(song_ids)) < len(song_ids):
        raise PydanticCustomError("repeated", "Must not contain a song more than once")
    return song_ids


class PlaylistSongs(BaseModel):
    """The songs of a playlist in order."""

    model_config = _FORBID

    song_ids: Annotated[list[uuid.UUID], AfterValidator(_unique)] = Field(
        max_length=MAX_PLAYLIST_SONGS, examples=[[_ID]]
    )


class PlaylistAnswer(BaseModel):
    """A playlist."""

    id: uuid.UUID = Field(examples=[_ID])
    title: str = Field(examples=["For rainy days"])
    description: str = Field(examples=["Nothing faster than 80."])
    author_id: str = Field(examples=[_AUTHOR_ID])
    author: str = Field(examples=["Clara Schumann"], description="The display name, or else the account's name.")
    username: str = Field(examples=["clara"], description="The account's name.")
    visibility: Visibility
    version: int = Field(examples=[1], description="Number of changes plus 1. In quotes, its entity tag.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, playlist: Playlist) -> "PlaylistAnswer":
        """Convert a playlist."""
        values = {name: getattr(playlist, name) for name in cls.model_fields if name != "author_id"}
        return cls(**values, author_id=playlist.owner_id)


class PlaylistPage(BaseModel):
    """A page of your playlists, newest first."""

    items: list[PlaylistAnswer]
    next_cursor: str | None = _CURSOR

    @classmethod
    def of(cls, page: Page[Playlist]) -> "PlaylistPage":
        """Convert a page."""
        cursor = page.next.cursor() if page.next else None
        return cls(items=[PlaylistAnswer.of(item) for item in page.items], next_cursor=cursor)


class FullPlaylist(BaseModel):
    """A playlist with those of its songs that you may read, in order."""

    playlist: PlaylistAnswer
    songs: list[SongAnswer]
