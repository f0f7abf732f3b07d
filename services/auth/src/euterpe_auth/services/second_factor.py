"""The second factor of a login: codes of an authenticator app, or recovery codes in place of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import segno
import structlog
from cryptography.fernet import MultiFernet
from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.attempts import Charge, Limit, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.mails import Notice
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.recovery_codes import recovery_code_digest
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.totp import is_totp_code, matching_timecode, new_totp_secret, totp_uri
from euterpe_auth.errors import (
    NoTotpSecret,
    SecondFactorRequired,
    TotpEnabled,
    WrongSecondFactor,
    WrongTotpCode,
)
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.recovery_codes import replace_codes
from euterpe_auth.services.sessions import lock_account
from euterpe_auth.storage.models import UserRow
from euterpe_auth.storage.recovery_codes import RecoveryCodeRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.totp_secrets import TotpSecretRepository

log = structlog.get_logger(__name__)

#: Codes per account: of a million, three are valid at a time.
_PER_ACCOUNT: Final = Limit(5, timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class NewTotpSecret:
    """A secret for an authenticator app, as text, as its address, and as a picture of it."""

    secret: str
    uri: str
    qr_code: str


class SecondFactor:
    """Use cases of the second factor. They open their own transactions, as Users does."""

    def __init__(self, database: Database, cipher: MultiFernet, mails: Mails, attempts: Attempts, clock: Clock) -> None:
        self._database = database
        self._cipher = cipher
        self._mails = mails
        self._attempts = attempts
        self._clock = clock

    async def is_enabled(self, user_id: uuid.UUID) -> bool:
        """Whether logins with the password need a code."""
        async with self._database.sessions() as session:
            return await TotpSecretRepository(session).is_enabled(user_id)

    async def begin(self, user_id: uuid.UUID, session_id: uuid.UUID | None) -> NewTotpSecret:
        """Create a secret, which counts after `enable`. Raises TotpEnabled and SessionEnded."""
        secret = new_totp_secret()
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, self._clock())
            if not await TotpSecretRepository(session).put(user_id, self._cipher.encrypt(secret.encode())):
                raise TotpEnabled
        uri = totp_uri(secret, account.username or "")
        return NewTotpSecret(secret, uri, segno.make(uri, error="m").svg_data_uri(scale=4, border=4, light="#fff"))

    async def enable(
        self, user_id: uuid.UUID, session_id: uuid.UUID | None, code: str, origin: Origin
    ) -> Sequence[str] | None:
        """Require codes from now on; the code proves that the app has the secret.

        Returns recovery codes if the account had none. Raises WrongTotpCode, NoTotpSecret, TooManyAttempts,
        SessionEnded.
        """
        await self._attempts.admit(Charge(key_of("totp", str(user_id)), _PER_ACCOUNT))
        now = self._clock()
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, self._clock())
            row = await TotpSecretRepository(session).lock(user_id)
            if row is None or row.enabled_at is not None:
                raise NoTotpSecret
            timecode = matching_timecode(self._cipher.decrypt(row.sealed_secret).decode(), code, now)
            if timecode is None:
                raise WrongTotpCode
            row.enabled_at, row.last_timecode = now, timecode
            codes = None
            if not await RecoveryCodeRepository(session).count(user_id):
                codes = await replace_codes(session, user_id)
            self._record(session, account, SecurityEvent.SECOND_FACTOR_ENABLED, Notice.SECOND_FACTOR_ENABLED, origin)
        self._mails.wake()
        await self._attempts.reset_key(key_of("totp", str(user_id)))
        log.info("second_factor_enabled", user_id=str(user_id))
        return codes

    async def disable(self, user_id: uuid.UUID, session_id: uuid.UUID | None, origin: Origin) -> None:
        """Require no codes any more. Idempotent. Raises SessionEnded."""
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, self._clock())
            if await TotpSecretRepository(session).remove(user_id):
                self._record(
                    session, account, SecurityEvent.SECOND_FACTOR_DISABLED, Notice.SECOND_FACTOR_DISABLED, origin
                )
        self._mails.wake()
        log.info("second_factor_disabled", user_id=str(user_id))

    async def require(self, user_id: uuid.UUID, code: str | None, origin: Origin) -> None:
        """Check the code of a login whose password is right; a recovery code is accepted, once.

        Raises SecondFactorRequired without a code, WrongSecondFactor and TooManyAttempts.
        """
        if not await self.is_enabled(user_id):
            return
        if not code:
            raise SecondFactorRequired
        charge = Charge(key_of("totp", str(user_id)), _PER_ACCOUNT)
        await self._attempts.admit(charge)
        async with self._database.sessions.begin() as session:
            is_correct = await self._check(session, user_id, code, origin)
            if not is_correct:
                event = SecurityEvent.SECOND_FACTOR_REFUSED
                SecurityEventRepository(session).record(event, at=self._clock(), user_id=user_id, origin=origin)
        if not is_correct:
            log.info("second_factor_refused", user_id=str(user_id))
            raise WrongSecondFactor
        await self._attempts.reset(charge)

    async def _check(self, session: AsyncSession, user_id: uuid.UUID, code: str, origin: Origin) -> bool:
        row = await TotpSecretRepository(session).lock(user_id)
        if row is None or row.enabled_at is None:
            return True
        if not is_totp_code(code):
            if not await RecoveryCodeRepository(session).use(recovery_code_digest(user_id, code)):
                return False
            event = SecurityEvent.RECOVERY_CODE_USED
            SecurityEventRepository(session).record(event, at=self._clock(), user_id=user_id, origin=origin)
            return True
        timecode = matching_timecode(self._cipher.decrypt(row.sealed_secret).decode(), code, self._clock())
        if timecode is None or timecode <= row.last_timecode:
            return False
        row.last_timecode = timecode
        return True

    def _record(
        self, session: AsyncSession, account: UserRow, event: SecurityEvent, notice: Notice, origin: Origin
    ) -> None:
        self._mails.notify(session, account, notice)
        SecurityEventRepository(session).record(event, at=self._clock(), user_id=account.id, origin=origin)
