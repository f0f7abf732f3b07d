"""Digests of notifications, which the library renders."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Digest:
    """A mail to a user about unread notifications. `message_id` is the same at a repetition."""

    user_id: uuid.UUID
    message_id: uuid.UUID
    subject: str
    text: str
    notification_ids: tuple[str, ...]
