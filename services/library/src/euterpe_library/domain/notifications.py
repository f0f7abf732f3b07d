"""Events that users are notified of."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: After this time, notifications are deleted.
KEPT = timedelta(days=180)
#: Pieces that took at least this long notify their owner, who may have left the page.
LONG_GENERATION_SECONDS = 30.0
#: Characters of a comment that its notification quotes.
MAX_EXCERPT_LENGTH = 200


class Kind(StrEnum):
    """Kinds of events."""

    LIKE = "like"
    COMMENT = "comment"
    REPLY = "reply"
    MENTION = "mention"
    FOLLOW = "follow"
    REMIX = "remix"
    GENERATION = "generation"
    REPORT = "report"
    MODERATION = "moderation"


@dataclass(frozen=True, slots=True)
class Event:
    """An event to notify a user of. `subject` identifies it, so that a repeated cause notifies once."""

    recipient_id: str
    kind: Kind
    subject: str
    actor_id: str | None = None
    actor: str = ""
    song_id: uuid.UUID | None = None
    comment_id: uuid.UUID | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """An event as its recipient sees it; `id` is stable in all channels."""

    id: uuid.UUID
    kind: Kind
    actor_id: str | None
    actor: str
    #: Account name of the actor, from which the page draws a picture.
    actor_name: str
    actor_picture_key: str | None
    song_id: uuid.UUID | None
    #: None if the recipient may no longer read the song.
    song_title: str | None
    comment_id: uuid.UUID | None
    text: str
    created_at: datetime
    read_at: datetime | None
    #: The beginning of the comment that a moderator has decided about, for its author.
    comment_text: str | None = None
    #: The reason that the moderator gave, for the author of the comment.
    reason: str | None = None
    #: The end of the author's ban; None if there is none, or no end.
    banned_until: datetime | None = None


class Frequency(StrEnum):
    """How often a digest is sent."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def interval(self) -> timedelta:
        """Time between two digests."""
        return timedelta(days=7 if self is Frequency.WEEKLY else 1)


@dataclass(frozen=True, slots=True)
class Channels:
    """Where a user is notified of a kind of event."""

    page: bool = True
    email: bool = True


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """A user's settings. `kinds` has every kind."""

    kinds: dict[Kind, Channels]
    digest: Frequency
    language: str


def excerpt(text: str) -> str:
    """Return the beginning of a comment on one line."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_EXCERPT_LENGTH else line[: MAX_EXCERPT_LENGTH - 1] + "…"
