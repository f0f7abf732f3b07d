"""Share links, comments, authors and playlists as requests and answers of the HTTP API."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.page import Page
from euterpe_library.domain.share import MAX_DAYS, MAX_LABEL_LENGTH, Share
from euterpe_library.domain.social import (
    MAX_PLAYLIST_SONGS,
    Author,
    Comment,
    CommentText,
    Description,
    Note,
    Playlist,
    Reason,
)
from euterpe_library.domain.song import Song
from euterpe_library.domain.titles import Title, without_controls
from euterpe_library.routes.schemas import SongAnswer, without_default

_ID = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
_AUTHOR_ID = "0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"
_CURSOR = Field(default=None, description="For the next page; null on the last one.", examples=["WyJuZXdlc3QiLDE3Nl0"])
_FORBID = ConfigDict(extra="forbid")


class NewShare(BaseModel):
    """A share link to be made."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"days": 7, "allow_download": False, "label": "for Clara"}]}
    )

    days: int | None = Field(
        default=30, ge=1, le=MAX_DAYS, strict=True, description="Valid so long; null: until revoked."
    )
    allow_download: bool = Field(default=True, strict=True, description="Whether the MIDI file may be downloaded.")
    label: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=MAX_LABEL_LENGTH), AfterValidator(without_controls)
    ] = Field(default="", description="For yourself, to tell your links apart.")


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
        """The link without its token, which only its maker has seen."""
        return cls.model_validate(share, from_attributes=True)


class NewShareAnswer(ShareAnswer):
    """A share link that was just made, with its token: this answer is the only place where it is shown."""

    token: str = Field(examples=["mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"])
    url: str = Field(examples=["/api/v1/library/shared/mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"])


class ShareList(BaseModel):
    """All links to a song that were not revoked, the oldest first."""

    items: list[ShareAnswer]


class SharedSong(BaseModel):
    """What a share link shows."""

    song: SongAnswer
    allow_download: bool
    expires_at: datetime | None

    @classmethod
    def of(cls, share: Share, song: Song, midi_url: str) -> "SharedSong":
        """The song, whose file is found under the link as well, if it may be downloaded."""
        answer = SongAnswer.of(song).model_copy(update={"midi_url": midi_url if share.allow_download else None})
        return cls.model_construct(song=answer, allow_download=share.allow_download, expires_at=share.expires_at)


class NewComment(BaseModel):
    """Something to say about a song."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "What a lovely ending!"}]})

    text: CommentText


class CommentAnswer(BaseModel):
    """What somebody said about a song: plain text, never markup."""

    id: uuid.UUID = Field(examples=[_ID])
    song_id: uuid.UUID = Field(examples=[_ID])
    author_id: str = Field(examples=[_AUTHOR_ID])
    author: str = Field(examples=["clara"])
    text: str = Field(examples=["What a lovely ending!"])
    created_at: datetime

    @classmethod
    def of(cls, comment: Comment) -> "CommentAnswer":
        """The comment as everybody sees it."""
        return cls(
            id=comment.id,
            song_id=comment.song_id,
            author_id=comment.author_id,
            author=comment.author,
            text=comment.body,
            created_at=comment.created_at,
        )


class CommentPage(BaseModel):
    """A page of comments, the newest first."""

    items: list[CommentAnswer]
    next_cursor: str | None = _CURSOR

    @classmethod
    def of(cls, page: Page[Comment]) -> "CommentPage":
        """The page as clients see it."""
        cursor = page.next.cursor() if page.next else None
        return cls(items=[CommentAnswer.of(item) for item in page.items], next_cursor=cursor)


class CommentReport(BaseModel):
    """Why a comment should not be there."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "spam", "note": "An advert."}]}
    )

    reason: Reason
    note: Note = ""


class AuthorAnswer(BaseModel):
    """Somebody who has published songs."""

    id: str = Field(examples=[_AUTHOR_ID])
    name: str = Field(examples=["clara"])
    songs: int = Field(examples=[12], description="How many of them are public.")
    followers: int = Field(examples=[3])
    followed: bool = Field(description="By you.")

    @classmethod
    def of(cls, author: Author) -> "AuthorAnswer":
        """The author as clients see them."""
        return cls.model_validate(author, from_attributes=True)


class Following(BaseModel):
    """Whom you follow."""

    author_ids: list[str] = Field(examples=[[_AUTHOR_ID]])


class NewPlaylist(BaseModel):
    """A playlist to be made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "For rainy days"}]})

    title: Title
    description: Description = ""
    visibility: Visibility = Visibility.PRIVATE


class PlaylistChanges(BaseModel):
    """What may be changed of a playlist; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"visibility": "unlisted"}]})

    title: Title = Field(default="", json_schema_extra=without_default)
    description: Description = Field(default="", json_schema_extra=without_default)
    visibility: Visibility = Field(default=Visibility.PRIVATE, json_schema_extra=without_default)

    @model_validator(mode="after")
    def _something(self) -> "PlaylistChanges":
        if not self.model_fields_set:
            raise PydanticCustomError("nothing", "Name at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """Only what was named."""
        return self.model_dump(exclude_unset=True)


def _each_once(song_ids: list[uuid.UUID]) -> list[uuid.UUID]:
    if len(set(song_ids)) < len(song_ids):
        raise PydanticCustomError("repeated", "A song can be in a playlist once only")
    return song_ids


class PlaylistSongs(BaseModel):
    """The songs of a playlist in their order."""

    model_config = _FORBID

    song_ids: Annotated[list[uuid.UUID], AfterValidator(_each_once)] = Field(
        max_length=MAX_PLAYLIST_SONGS, examples=[[_ID]]
    )


class PlaylistAnswer(BaseModel):
    """A playlist."""

    id: uuid.UUID = Field(examples=[_ID])
    title: str = Field(examples=["For rainy days"])
    description: str = Field(examples=["Nothing faster than 80."])
    author_id: str = Field(examples=[_AUTHOR_ID])
    author: str = Field(examples=["clara"])
    visibility: Visibility
    version: int = Field(examples=[1], description="Counts the playlist's changes; in quotes, its entity tag.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, playlist: Playlist) -> "PlaylistAnswer":
        """The playlist as those who may read it see it."""
        values = {name: getattr(playlist, name) for name in cls.model_fields if name != "author_id"}
        return cls(**values, author_id=playlist.owner_id)


class PlaylistPage(BaseModel):
    """A page of your playlists, the newest first."""

    items: list[PlaylistAnswer]
    next_cursor: str | None = _CURSOR

    @classmethod
    def of(cls, page: Page[Playlist]) -> "PlaylistPage":
        """The page as clients see it."""
        cursor = page.next.cursor() if page.next else None
        return cls(items=[PlaylistAnswer.of(item) for item in page.items], next_cursor=cursor)


class FullPlaylist(BaseModel):
    """A playlist with those of its songs that you may see, in its order."""

    playlist: PlaylistAnswer
    songs: list[SongAnswer]
