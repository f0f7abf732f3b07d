"""Webhooks: addresses of API clients that receive a user's events, signed as in Standard Webhooks 1.0."""

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

MAX_WEBHOOKS: Final = 10
MAX_URL_LENGTH: Final = 1000
#: Pauses before the second and each further attempt; after the last one, the delivery is dead.
PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21_600, 43_200, 86_400))
MAX_ATTEMPTS: Final = len(PAUSES) + 1
#: Ended deliveries are deleted after this time.
KEPT: Final = timedelta(days=30)
#: Kind of the event that tests a webhook.
PING: Final = "ping"


class DeliveryState(StrEnum):
    """State of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    #: All attempts have failed.
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook without its secret. `status_code` and `error` are those of the newest event that was not delivered."""

    id: uuid.UUID
    url: str
    kinds: Sequence[str]
    created_at: datetime
    dead: int = 0
    status_code: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event for a webhook, as its owner sees it."""

    id: uuid.UUID
    event_id: uuid.UUID
    kind: str
    state: DeliveryState
    attempts: int
    next_at: datetime
    status_code: int | None
    error: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claimed delivery: what to send, and where."""

    id: uuid.UUID
    event_id: uuid.UUID
    number: int
    url: str
    secret: bytes
    payload: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of an attempt. `is_final` ends a failed delivery before its last attempt."""

    is_delivered: bool
    status_code: int | None = None
    error: str = ""
    is_final: bool = False


def new_secret() -> bytes:
    """Return a new secret."""
    return secrets.token_bytes(24)


def written_secret(secret: bytes) -> str:
    """Return a secret as libraries of Standard Webhooks read it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def signature_headers(attempt: Attempt, sent_at: datetime) -> dict[str, str]:
    """Return the headers that identify and sign an attempt. The id is the event's, and the same at every attempt."""
    timestamp = str(int(sent_at.timestamp()))
    signed = f"{attempt.event_id}.{timestamp}.{attempt.payload}".encode()
    digest = base64.b64encode(hmac.new(attempt.secret, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": str(attempt.event_id),
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{digest}",
    }
