"""Recovery codes of accounts."""

import uuid
from collections.abc import Sequence

import structlog
from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.mails import Notice
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.recovery_codes import new_recovery_codes, recovery_code_digest
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.sessions import lock_account
from euterpe_auth.storage.recovery_codes import RecoveryCodeRepository
from euterpe_auth.storage.security_events import SecurityEventRepository

log = structlog.get_logger(__name__)


class RecoveryCodes:
    """Use cases of recovery codes. They open their own transactions, as Users does."""

    def __init__(self, database: Database, mails: Mails, clock: Clock) -> None:
        self._database = database
        self._mails = mails
        self._clock = clock

    async def renew(self, user_id: uuid.UUID, session_id: uuid.UUID | None, origin: Origin) -> Sequence[str]:
        """Replace all codes of an account, and return the new ones, which are not stored. Raises SessionEnded."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, now)
            codes = await replace_codes(session, user_id)
            self._mails.notify(session, account, Notice.RECOVERY_CODES_CREATED)
            event = SecurityEvent.RECOVERY_CODES_CREATED
            SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin)
        self._mails.wake()
        log.info("recovery_codes_created", user_id=str(user_id))
        return codes

    async def count(self, user_id: uuid.UUID) -> int:
        """Count the unused codes of an account."""
        async with self._database.sessions() as session:
            return await RecoveryCodeRepository(session).count(user_id)


async def replace_codes(session: AsyncSession, user_id: uuid.UUID) -> Sequence[str]:
    """Replace all codes of an account within the caller's transaction, and return the new ones."""
    codes = new_recovery_codes()
    digests = [recovery_code_digest(user_id, code) for code in codes]
    await RecoveryCodeRepository(session).replace(user_id, digests)
    return codes
