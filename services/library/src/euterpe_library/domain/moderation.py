"""What moderators decide about reported comments."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_BAN_DAYS = 3650
MAX_REASON_LENGTH = 500


class Decision(StrEnum):
    """Decision about a reported comment."""

    #: Keep the comment and close its reports.
    DISMISS = "dismiss"
    #: Hide the comment from everyone but moderators.
    HIDE = "hide"
    #: Hide the comment and ban its author.
    BAN = "ban"


class Action(StrEnum):
    """Entries of the log."""

    DISMISSED = "dismissed"
    HIDDEN = "hidden"
    DELETED = "deleted"
    BANNED = "banned"
    UNBANNED = "unbanned"
    MODERATOR_ADDED = "moderator_added"
    MODERATOR_REMOVED = "moderator_removed"


@dataclass(frozen=True, slots=True)
class Moderator:
    """A moderator, or an operator who acts as one."""

    id: str
    name: str


OPERATOR = Moderator("operator", "operator")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with its reason. `ban_days` is None for a ban without end."""

    decision: Decision
    reason: str = ""
    ban_days: int | None = None


@dataclass(frozen=True, slots=True)
class Ban:
    """A banned user."""

    user_id: str
    name: str
    reason: str
    until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of the log. `text` is the comment's, `user_id` its author or the banned user."""

    id: uuid.UUID
    moderator_id: str
    moderator: str
    action: str
    user_id: str | None
    user_name: str
    song_id: uuid.UUID | None
    comment_id: uuid.UUID | None
    text: str
    reason: str
    created_at: datetime
