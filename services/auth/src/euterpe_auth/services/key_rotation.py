"""Rotation of the signing key; valid tokens are accepted throughout."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from euterpe_service_kit.database import Database

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.signing_keys import key_cipher
from euterpe_auth.services.signing_keys import new_row
from euterpe_auth.storage.mails import MailRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.signing_keys import SigningKeyRepository
from euterpe_auth.storage.totp_secrets import TotpSecretRepository

log = structlog.get_logger(__name__)

#: Other services cache the key set for at most 15 minutes, auth's replicas for one; then all know a new key.
LEAD = timedelta(minutes=20)
#: The maximum lifetime of a token, plus time for replicas that have not reloaded, and for clock differences.
OVERLAP = timedelta(minutes=20)

_OPERATOR = Origin(address="", user_agent="rotate-keys")


class RotationInProgressError(Exception):
    """The key of the last rotation does not sign yet."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The new key, when it starts to sign, and until when the previous keys are accepted."""

    kid: str
    signs_from: datetime
    old_keys_published_until: datetime


class KeyRotation:
    """Use cases of `python -m euterpe_auth rotate-keys` and `reencrypt-keys`."""

    def __init__(self, database: Database, key_encryption_key: str, clock: Clock) -> None:
        self._database = database
        self._cipher = key_cipher(key_encryption_key)
        self._clock = clock

    async def rotate(self, *, compromised: bool = False) -> Rotation:
        """Create the next key and retire the current ones. Raises RotationInProgressError.

        A planned rotation publishes the new key before it signs, and the old keys as long as their tokens are valid.
        After a compromise, the new key signs at once, and the old keys are revoked: other services refuse earlier
        tokens when they next fetch the keys, after at most 15 minutes. Sessions are kept, and get new tokens.
        """
        now = self._clock()
        signs_from = now if compromised else now + LEAD
        until = now if compromised else signs_from + OVERLAP
        async with self._database.sessions.begin() as session:
            await SigningKeyRepository(session).lock_creation()
            present = await SigningKeyRepository(session).published(now)
            pending = [key for key in present if key.signs_from > now]
            if pending and not compromised:
                raise RotationInProgressError(
                    f"The key {pending[0].kid} begins to sign at {pending[0].signs_from:%Y-%m-%d %H:%M:%S} UTC."
                )
            row = new_row(self._cipher, now, signs_from=signs_from)
            # Keys that another rotation retires earlier keep their date.
            await SigningKeyRepository(session).retire(
                [key.kid for key in present if key.published_until is None or key.published_until > until],
                until,
            )
            await SigningKeyRepository(session).delete_retired(now)
            session.add(row)
            event = SecurityEvent.SIGNING_KEY_ROTATED
            SecurityEventRepository(session).record(event, at=now, user_id=None, origin=_OPERATOR, subject=row.kid)
        log.warning("signing_key_rotated", kid=row.kid, compromised=compromised)
        return Rotation(row.kid, signs_from, until)

    async def reencrypt(self) -> int:
        """Encrypt all stored secrets with the first key encryption key, and return how many there are.

        Raises InvalidToken if one of them was encrypted with none of the configured ones.
        """
        async with self._database.sessions.begin() as session:
            await SigningKeyRepository(session).lock_creation()
            rows = await SigningKeyRepository(session).published(self._clock())
            for row in rows:
                row.encrypted_private_key = self._cipher.rotate(row.encrypted_private_key)
            mails = await MailRepository(session).all_locked()
            for mail in mails:
                mail.sealed_content = self._cipher.rotate(mail.sealed_content)
            secrets = await TotpSecretRepository(session).all_locked()
            for secret in secrets:
                secret.sealed_secret = self._cipher.rotate(secret.sealed_secret)
        counts = {"signing_keys": len(rows), "mails": len(mails), "totp_secrets": len(secrets)}
        log.warning("secrets_reencrypted", **counts)
        return sum(counts.values())
