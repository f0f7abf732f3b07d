"""API keys: made, listed, revoked, and exchanged for short tokens."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unauthenticated

from euterpe_auth.domain.api_keys import KEYS_MAX, ApiKey, Scope, new_api_key, shown_part
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.errors import InvalidApiKey, NoSuchKey, TooManyKeys
from euterpe_auth.services.jwts import SignedToken, TokenSigner
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.storage import api_keys, security_events

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key at the only moment at which it is known."""

    key: ApiKey
    text: str


@dataclass(frozen=True, slots=True)
class ScopedToken:
    """What a key is exchanged for."""

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
        self, user_id: uuid.UUID, *, name: str, scopes: Sequence[Scope], days: int, origin: Origin
    ) -> NewApiKey:
        """Makes a key; raises TooManyKeys."""
        now, text = self._clock(), new_api_key()
        ordered = tuple(scope for scope in Scope if scope in scopes)
        key = ApiKey(uuid.uuid4(), name, shown_part(text), ordered, now, now + timedelta(days=days), None)
        async with self._database.sessions.begin() as session:
            count = await api_keys.count_locked(session, user_id)
            if count is None:
                raise Unauthenticated("The account of this token does not exist any more.")
            if count >= KEYS_MAX:
                raise TooManyKeys(KEYS_MAX)
            api_keys.add(session, key, user_id=user_id, digest=_digest(text))
            event = SecurityEvent.API_KEY_CREATED
            security_events.record(session, event, at=now, user_id=user_id, origin=origin, subject=key.prefix)
        log.info("api_key_created", user_id=str(user_id), key_id=str(key.id))
        return NewApiKey(key, text)

    async def list(self, user_id: uuid.UUID) -> Sequence[ApiKey]:
        """An account's keys, the newest first."""
        async with self._database.sessions() as session:
            return await api_keys.of_user(session, user_id)

    async def revoke(self, user_id: uuid.UUID, key_id: uuid.UUID, origin: Origin) -> None:
        """Deletes a key; raises NoSuchKey, also for somebody else's."""
        async with self._database.sessions.begin() as session:
            if not await api_keys.remove(session, user_id, key_id):
                raise NoSuchKey
            event, now = SecurityEvent.API_KEY_REVOKED, self._clock()
            security_events.record(session, event, at=now, user_id=user_id, origin=origin, subject=key_id)
        log.info("api_key_revoked", user_id=str(user_id), key_id=str(key_id))

    async def exchange(self, text: str) -> ScopedToken:
        """A short token that may do what the key may; raises InvalidApiKey."""
        async with self._database.sessions.begin() as session:
            found = await api_keys.use(session, _digest(text), self._clock())
        self._metrics.api_key_tokens.labels("success" if found else "invalid").inc()
        if found is None:
            log.info("api_key_refused")
            raise InvalidApiKey
        key, owner = found
        return ScopedToken(await self._signer.scoped_token(owner, key.scopes), key.scopes)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
