"""Share links and their tokens."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

#: 192 bits: unguessable, and short enough for a link.
_TOKEN_BYTES = 24
MAX_TOKEN_LENGTH = 64
MAX_SHARES = 50
MAX_LABEL_LENGTH = 100
MAX_DAYS = 366


@dataclass(frozen=True, slots=True)
class Share:
    """A link to a song for people without an account."""

    id: uuid.UUID
    song_id: uuid.UUID
    label: str
    allow_download: bool
    expires_at: datetime | None
    view_count: int
    last_viewed_at: datetime | None
    created_at: datetime


def new_token() -> str:
    """Create a random token."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> bytes:
    """Return what is stored of a token. It is random enough for a plain hash."""
    return hashlib.sha256(token.encode()).digest()
