"""API keys: opaque random text, of which only the digest and a short prefix are stored."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Lets scanners for leaked secrets recognise one.
PREFIX = "euterpe_ak_"
_SHOWN = len(PREFIX) + 6
KEYS_MAX = 50
NAME_MAX = 64
DAYS_MAX = 366


class Scope(StrEnum):
    """What a key may be used for."""

    SONGS_READ = "songs:read"
    SONGS_WRITE = "songs:write"
    GENERATIONS_READ = "generations:read"
    GENERATIONS_WRITE = "generations:write"
    ACCOUNT_READ = "account:read"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without the key itself."""

    id: uuid.UUID
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


def new_api_key() -> str:
    """A key with 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def shown_part(key: str) -> str:
    """The beginning of a key, by which its owner recognises it; its other 37 characters stay secret."""
    return key[:_SHOWN]
