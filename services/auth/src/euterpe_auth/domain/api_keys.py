"""API keys: opaque random text, of which only a digest and a short prefix are stored."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Recognised by scanners for leaked secrets.
PREFIX = "euterpe_ak_"
_DISPLAYED_LENGTH = len(PREFIX) + 6
MAX_KEYS = 50
MAX_NAME_LENGTH = 64
MAX_DAYS = 366


class Scope(StrEnum):
    """Permissions of a key."""

    SONGS_READ = "songs:read"
    SONGS_WRITE = "songs:write"
    GENERATIONS_READ = "generations:read"
    GENERATIONS_WRITE = "generations:write"
    ACCOUNT_READ = "account:read"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret text."""

    id: uuid.UUID
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


def new_api_key() -> str:
    """Create a key with 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def display_prefix(key: str) -> str:
    """Return the beginning of a key, for display; the other 37 characters remain secret."""
    return key[:_DISPLAYED_LENGTH]
