"""Replaces the signing key, without a token being refused that was good a moment before."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cryptography.fernet import Fernet
from euterpe_service_kit.database import Database

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.services.signing_keys import new_row
from euterpe_auth.storage import security_events, signing_keys

log = structlog.get_logger(__name__)

#: Receivers keep the key set for at most 15 minutes, and auth's own replicas for one; after that all know a new key.
LEAD = timedelta(minutes=20)
#: The longest life that a token can have, plus a minute for replicas that have not reloaded and for clocks.
OVERLAP = timedelta(minutes=20)

_OPERATOR = Origin(address="", user_agent="rotate-keys")


class RotationInProgressError(Exception):
    """The last rotation's key does not sign yet."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The new key, when it begins to sign, and when the ones before it are forgotten."""

    kid: str
    signs_from: datetime
    old_keys_published_until: datetime


class KeyRotation:
    """The use case behind `python -m euterpe_auth rotate-keys`."""

    def __init__(self, database: Database, key_encryption_key: str, clock: Clock) -> None:
        self._database = database
        self._cipher = Fernet(key_encryption_key)
        self._clock = clock

    async def rotate(self, *, compromised: bool = False) -> Rotation:
        """Makes the next key and retires the present ones. Raises RotationInProgressError.

        A planned rotation publishes the key before it signs, and the old ones for as long as their tokens live. After a
        compromise the new key signs at once and the old ones are withdrawn: receivers refuse all earlier tokens as soon
        as they fetch the keys again, at the latest after 15 minutes; sessions live on and get new tokens.
        """
        now = self._clock()
        signs_from = now if compromised else now + LEAD
        until = now if compromised else signs_from + OVERLAP
        async with self._database.sessions.begin() as session:
            await signing_keys.lock_key_making(session)
            present = await signing_keys.published_keys(session, now)
            pending = [key for key in present if key.signs_from > now]
            if pending and not compromised:
                raise RotationInProgressError(
                    f"The key {pending[0].kid} begins to sign at {pending[0].signs_from:%Y-%m-%d %H:%M:%S} UTC."
                )
            row = new_row(self._cipher, now, signs_from=signs_from)
            # A key that another rotation retires earlier must not live longer because of this one.
            await signing_keys.retire(
                session,
                [key.kid for key in present if key.published_until is None or key.published_until > until],
                until,
            )
            await signing_keys.delete_retired(session, now)
            session.add(row)
            event = SecurityEvent.SIGNING_KEY_ROTATED
            security_events.record(session, event, at=now, user_id=None, origin=_OPERATOR, subject=row.kid)
        log.warning("signing_key_rotated", kid=row.kid, compromised=compromised)
        return Rotation(row.kid, signs_from, until)
