"""API keys: creation, listing, revocation, and exchange for access tokens."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from euterpe_service_kit.database import Database

from euterpe_auth.domain.api_keys import MAX_KEYS, ApiKey, Scope, display_prefix, new_api_key
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.errors import InvalidApiKey, NoSuchKey, TooManyKeys
from euterpe_auth.services.jwts import SignedToken, TokenSigner
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.sessions import require_account, require_active
from euterpe_auth.storage.api_keys import ApiKeyRepository
from euterpe_auth.storage.security_events import SecurityEventRepository

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CreatedApiKey:
    """A new key with its text, which is not stored."""

    key: ApiKey
    text: str


@dataclass(frozen=True, slots=True)
class ScopedToken:
    """An access token with scopes."""

    token: SignedToken
    scopes: tuple[Scope, ...]


class ApiKeys:
    """Use cases of API keys."""

    def __init__(self, database: Database, signer: TokenSigner, metrics: AuthMetrics, clock: Clock) -> None:
        self._database = database
        self._signer = signer
        self._metrics = metrics
        self._clock = clock

    async def create(
        self,
        user_id: uuid.UUID,
        *,
        session_id: uuid.UUID | None,
        name: str,
        scopes: Sequence[Scope],
        days: int,
        origin: Origin,
    ) -> CreatedApiKey:
        """Create a key in an active session. Raises TooManyKeys and SessionEnded."""
        now, text = self._clock(), new_api_key()
        ordered = tuple(scope for scope in Scope if scope in scopes)
        key = ApiKey(uuid.uuid4(), name, display_prefix(text), ordered, now, now + timedelta(days=days), None)
        async with self._database.sessions.begin() as session:
            count = require_account(await ApiKeyRepository(session).count_locked(user_id))
            # A change of the password locks the account, too, so that it cannot end the session in between.
            await require_active(session, user_id, session_id, now)
            if count >= MAX_KEYS:
                raise TooManyKeys(MAX_KEYS)
            ApiKeyRepository(session).add(key, user_id=user_id, digest=_digest(text))
            event = SecurityEvent.API_KEY_CREATED
            SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin, subject=key.prefix)
        log.info("api_key_created", user_id=str(user_id), key_id=str(key.id))
        return CreatedApiKey(key, text)

    async def list(self, user_id: uuid.UUID) -> Sequence[ApiKey]:
        """Return an account's keys, newest first."""
        async with self._database.sessions() as session:
            return await ApiKeyRepository(session).of_user(user_id)

    async def revoke(self, user_id: uuid.UUID, key_id: uuid.UUID, origin: Origin) -> None:
        """Delete a key. Raises NoSuchKey."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            if not await ApiKeyRepository(session).remove(user_id, key_id, now):
                raise NoSuchKey
            event = SecurityEvent.API_KEY_REVOKED
            SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin, subject=key_id)
        log.info("api_key_revoked", user_id=str(user_id), key_id=str(key_id))

    async def exchange(self, text: str) -> ScopedToken:
        """Return an access token with the key's scopes. Raises InvalidApiKey."""
        async with self._database.sessions.begin() as session:
            found = await ApiKeyRepository(session).use(_digest(text), self._clock())
        self._metrics.api_key_tokens.labels("success" if found else "invalid").inc()
        if found is None:
            log.info("api_key_refused")
            raise InvalidApiKey
        key, owner = found
        return ScopedToken(await self._signer.scoped_token(owner, key.scopes, key_id=key.id), key.scopes)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
