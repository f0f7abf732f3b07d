"""Social features around songs: comments, reports, follows and playlists."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
MAX_BLOCKS = 1000
MAX_MENTIONS = 10
MAX_BAR = 100_000
#: Replies that a listing has per thread; the others have pages of their own.
REPLIES_LISTED = 20
#: Time during which a comment can be edited.
EDITABLE = timedelta(minutes=15)
#: An account name after `@`, where no address of e-mail or of another site contains it.
_MENTION = re.compile(r"(?<![A-Za-z0-9._/@-])@([A-Za-z0-9._-]{3,32})(?![A-Za-z0-9_@])")


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


class CommentSort(StrEnum):
    """Orders of the comments on a song."""

    NEWEST = "newest"
    OLDEST = "oldest"


class CommentState(StrEnum):
    """Whether the text of a comment is shown."""

    VISIBLE = "visible"
    #: By its author or the song's owner; only comments with replies are kept.
    DELETED = "deleted"
    #: By a moderator.
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Mention:
    """A user whom a comment mentions as `@name`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Where in a piece a comment is pinned: at a bar, counted from 1, or at a time."""

    bar: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a song, in plain text. A comment that is not visible has neither text nor author."""

    id: uuid.UUID
    song_id: uuid.UUID
    author_id: str
    #: The author's display name, or else the account's name.
    author: str
    author_name: str
    author_picture_key: str | None
    body: str
    parent_id: uuid.UUID | None
    pin: Pin
    mentions: Sequence[Mention]
    created_at: datetime
    edited_at: datetime | None
    state: CommentState
    #: Visible replies, of which a listing has the first ones.
    reply_count: int = 0
    replies: Sequence["Comment"] = ()


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment to add."""

    text: str
    parent_id: uuid.UUID | None = None
    pin: Pin = Pin()


def mentioned_names(text: str) -> list[str]:
    """Return the account names that a text mentions, without `@`, each once and at most MAX_MENTIONS."""
    # A full stop or hyphen at the end belongs to the sentence.
    names = (found.rstrip(".-") for found in _MENTION.findall(text))
    return list(dict.fromkeys(name.lower() for name in names if len(name) >= 3))[:MAX_MENTIONS]


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
    #: The owner's display name, or else the account's name.
    author: str
    #: The account's name.
    username: str
    title: str
    description: str
    visibility: Visibility
    version: int
    created_at: datetime
    updated_at: datetime
