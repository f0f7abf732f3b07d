"""Social features around songs: comments, reports, follows and playlists."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from euterpe_library.domain.details import Visibility

MAX_COMMENT_LENGTH = 2000
MAX_NOTE_LENGTH = 500
MAX_DESCRIPTION_LENGTH = 2000
MAX_PLAYLISTS = 500
MAX_PLAYLIST_SONGS = 500
MAX_FOLLOWS = 1000


def _plain(value: str) -> str:
    """Accept multi-line text without other control characters; normalise line breaks to line feeds."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if any(ord(character) < 32 and character not in "\n\t" for character in value) or "\x7f" in value:
        raise PydanticCustomError("control_character", "Control characters are not allowed")
    return value


def _visible(value: str) -> str:
    if not any(character.isprintable() and not character.isspace() for character in value):
        raise PydanticCustomError("blank", "Must have at least one visible character")
    return value


CommentText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_COMMENT_LENGTH),
    AfterValidator(_plain),
    AfterValidator(_visible),
]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NOTE_LENGTH), AfterValidator(_plain)]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_DESCRIPTION_LENGTH), AfterValidator(_plain)
]


class Reason(StrEnum):
    """Reason for reporting a comment."""

    SPAM = "spam"
    ABUSE = "abuse"
    COPYRIGHT = "copyright"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a song, in plain text."""

    id: uuid.UUID
    song_id: uuid.UUID
    author_id: str
    author: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Author:
    """A user with public songs."""

    id: str
    name: str
    songs: int
    followers: int
    #: By the user for whom it was read.
    followed: bool


@dataclass(frozen=True, slots=True)
class Playlist:
    """An ordered list of songs; `version` counts its changes and is its entity tag."""

    id: uuid.UUID
    owner_id: str
    author: str
    title: str
    description: str
    visibility: Visibility
    version: int
    created_at: datetime
    updated_at: datetime
