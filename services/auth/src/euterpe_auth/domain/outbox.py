"""Outbox: tasks for the library and the generator, until both have confirmed them."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_MAX_BACKOFF = timedelta(minutes=10)


class TaskKind(StrEnum):
    """Kinds of tasks."""

    DELETE_LISTENER = "delete_listener"
    TRANSFER_SONGS = "transfer_songs"


@dataclass(frozen=True, slots=True)
class OutboxTask:
    """A task. Both kinds are idempotent, so that a repetition after a crash is harmless."""

    id: uuid.UUID
    kind: TaskKind
    user_id: uuid.UUID
    created_at: datetime
    target_id: uuid.UUID | None = None
    author: str = ""
    repeat_at: datetime | None = None
    attempts: int = 0


def backoff(attempts: int) -> timedelta:
    """Return the delay after a number of failed attempts: 2 s, 4 s and so on, up to ten minutes."""
    return min(timedelta(seconds=2 ** min(attempts, 20)), _MAX_BACKOFF)
