"""The signing keys: created once, stored encrypted in PostgreSQL, shared by all replicas."""

import asyncio
import time
from datetime import datetime

import asyncpg
import structlog
from cryptography.fernet import InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unavailable
from jwt import PyJWK
from sqlalchemy.exc import SQLAlchemyError

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.signing_keys import SigningKey, key_cipher, thumbprint
from euterpe_auth.storage.models import SigningKeyRow
from euterpe_auth.storage.signing_keys import SigningKeyRepository

log = structlog.get_logger(__name__)

#: Maximum age of the cached keys; a replica sees another's new key after this time.
_RELOAD_SECONDS = 60.0
_RETRY_SECONDS = 1.0


class KeyEncryptionKeyError(Exception):
    """The stored keys were encrypted with another key encryption key."""


class KeyRing:
    """The published keys, cached in memory; also the KeySource with which auth verifies its own tokens.

    While the database is unavailable, the cached keys are used.
    """

    def __init__(self, database: Database, key_encryption_key: str, clock: Clock) -> None:
        self._database = database
        self._cipher = key_cipher(key_encryption_key)
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._load_at = float("-inf")
        self._lock = asyncio.Lock()

    async def signing_key(self) -> SigningKey:
        """Return the key that signs now: of the active ones, the one that started last."""
        keys, now = await self.published(), self._clock()
        # The very first key may have been created by a replica whose clock is ahead.
        return next((key for key in keys if key.signs_from <= now), keys[-1])

    async def published(self) -> tuple[SigningKey, ...]:
        """Return the keys whose tokens are accepted, newest first. Raises Unavailable when there are none."""
        if time.monotonic() >= self._load_at and not (self._keys and self._lock.locked()):
            await self._load()
        if not self._keys:
            raise Unavailable("The signing keys are not available. Try again shortly.")
        now = self._clock()
        return tuple(key for key in self._keys if key.is_published(now))

    async def find(self, kid: str) -> PyJWK | None:
        """Return the key with this id, see KeySource."""
        return next((key.verification_key for key in await self.published() if key.kid == kid), None)

    async def ready(self) -> None:
        """Check readiness. Raises Unavailable."""
        await self.published()

    async def _load(self) -> None:
        async with self._lock:
            if time.monotonic() < self._load_at:
                return
            try:
                self._keys = await self._read_or_create()
            except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
                self._load_at = time.monotonic() + _RETRY_SECONDS
                log.warning("signing_keys_not_loaded", error=type(error).__name__)
            else:
                self._load_at = time.monotonic() + _RELOAD_SECONDS

    async def _read_or_create(self) -> tuple[SigningKey, ...]:
        async with self._database.sessions.begin() as session:
            rows = await SigningKeyRepository(session).published(self._clock())
            if not rows:
                # Replicas that start together wait here; all but the first then find its key.
                await SigningKeyRepository(session).lock_creation()
                rows = await SigningKeyRepository(session).published(self._clock())
            if not rows:
                now = self._clock()
                rows = [new_row(self._cipher, now, signs_from=now)]
                session.add_all(rows)
        return tuple(self._decrypted(row) for row in rows)

    def _decrypted(self, row: SigningKeyRow) -> SigningKey:
        try:
            private = self._cipher.decrypt(row.encrypted_private_key)
        except InvalidToken:
            raise KeyEncryptionKeyError(
                "The signing keys in the database were encrypted with another key. Set EUTERPE_AUTH_KEY_ENCRYPTION_KEY "
                "to the one with which they were created, or add that one after a comma."
            ) from None
        return SigningKey(row.kid, Ed25519PrivateKey.from_private_bytes(private), row.signs_from, row.published_until)


def new_row(cipher: MultiFernet, now: datetime, *, signs_from: datetime) -> SigningKeyRow:
    """Create a key, and return its row with the encrypted private key."""
    key = Ed25519PrivateKey.generate()
    kid = thumbprint(key)
    log.info("signing_key_made", kid=kid)
    return SigningKeyRow(
        kid=kid,
        public_key=key.public_key().public_bytes_raw(),
        encrypted_private_key=cipher.encrypt(key.private_bytes_raw()),
        created_at=now,
        signs_from=signs_from,
    )
