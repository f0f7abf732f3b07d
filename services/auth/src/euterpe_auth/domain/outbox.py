"""What the library and the generator have to be told, until both have confirmed."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_BACKOFF_MAX = timedelta(minutes=10)


class TaskKind(StrEnum):
    """What is to be done."""

    DELETE_LISTENER = "delete_listener"
    TRANSFER_SONGS = "transfer_songs"


@dataclass(frozen=True, slots=True)
class PeerTask:
    """A task. Both kinds are idempotent, so that doing one twice, after a crash, is harmless."""

    id: uuid.UUID
    kind: TaskKind
    listener_id: uuid.UUID
    created_at: datetime
    target_id: uuid.UUID | None = None
    author: str = ""
    repeat_at: datetime | None = None
    attempts: int = 0


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: 2 s, 4 s and so on, up to ten minutes."""
    return min(timedelta(seconds=2 ** min(attempts, 20)), _BACKOFF_MAX)
