"""Deletes expired data."""

from datetime import timedelta
from typing import Final

import structlog
from euterpe_service_kit.database import Database

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.outbox import TaskKind
from euterpe_auth.services.outbox import Outbox
from euterpe_auth.storage.account_tokens import AccountTokenRepository
from euterpe_auth.storage.api_keys import ApiKeyRepository
from euterpe_auth.storage.attempts import AttemptRepository
from euterpe_auth.storage.passkeys import PasskeyRepository
from euterpe_auth.storage.providers import ProviderRepository
from euterpe_auth.storage.revocations import RevocationRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.sessions import SessionRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)

HOUSEKEEPING_SECONDS: Final = 3600.0
#: Time for which expired keys are still listed for their owner.
_EXPIRED_KEYS_LISTED = timedelta(days=30)
_GUESTS_PER_BATCH = 500


class Housekeeping:
    """Runs once an hour in every replica; concurrent runs are harmless."""

    def __init__(
        self, database: Database, outbox: Outbox, clock: Clock, *, session_seconds: int, security_event_days: int
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock
        # A guest has one session from its creation on, so it is unreachable once the session has expired.
        self._guest_lifetime = timedelta(seconds=session_seconds) + timedelta(days=1)
        self._event_retention = timedelta(days=security_event_days)

    async def clean(self) -> None:
        """Delete expired data once."""
        now = self._clock()
        async with self._database.maintenance.begin() as session:
            await SessionRepository(session).delete_expired(now)
            await AttemptRepository(session).delete_settled(now)
            await RevocationRepository(session).delete_expired(now)
            await AccountTokenRepository(session).delete_expired(now)
            await PasskeyRepository(session).delete_expired_challenges(now)
            await ProviderRepository(session).delete_expired_requests(now)
            await ApiKeyRepository(session).delete_expired(now - _EXPIRED_KEYS_LISTED)
            await SecurityEventRepository(session).delete_older(now - self._event_retention)
        while await self._delete_guests():
            pass

    async def _delete_guests(self) -> bool:
        async with self._database.maintenance.begin() as session:
            deleted = await UserRepository(session).remove_old_guests(
                self._clock() - self._guest_lifetime, limit=_GUESTS_PER_BATCH
            )
            for guest_id in deleted:
                self._outbox.add(session, TaskKind.DELETE_LISTENER, guest_id)
        if deleted:
            self._outbox.wake()
            log.info("guests_forgotten", count=len(deleted))
        return len(deleted) == _GUESTS_PER_BATCH
