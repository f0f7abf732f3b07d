"""Guests: unregistered users, whose songs an account can claim later."""

import uuid

import structlog
from euterpe_service_kit.database import Database

from euterpe_auth.domain.attempts import Charge, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.outbox import TaskKind
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.users import GUEST_NAME, User
from euterpe_auth.errors import NoSuchGuest
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.logins import AttemptLimits
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.outbox import Outbox
from euterpe_auth.services.sessions import Sessions, TokenPair
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)


class Guests:
    """Use cases of guests. A guest registers with Users.register."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        attempts: Attempts,
        limits: AttemptLimits,
        outbox: Outbox,
        metrics: AuthMetrics,
        clock: Clock,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._attempts = attempts
        self._limits = limits
        self._outbox = outbox
        self._metrics = metrics
        self._clock = clock

    async def create(self, origin: Origin) -> TokenPair:
        """Create a guest and its session. Raises TooManyAttempts when an address creates too many."""
        await self._attempts.admit(Charge(key_of("new", origin.network), self._limits.new_accounts))
        guest = User(uuid.uuid4(), GUEST_NAME, self._clock(), guest=True)
        async with self._database.sessions.begin() as session:
            await UserRepository(session).add_guest(guest)
            opened = await self._sessions.open(session, guest, origin)
        self._metrics.guests.labels("begun").inc()
        log.info("guest_begun", user_id=str(guest.id))
        return await self._sessions.pair(opened)

    async def claim(self, user_id: uuid.UUID, guest_id: uuid.UUID, origin: Origin) -> None:
        """Transfer a guest's songs to an existing account, and delete the guest. Raises NoSuchGuest."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            account = await UserRepository(session).lock_registered(user_id)
            if account is None or not await UserRepository(session).remove_guest(guest_id, now):
                raise NoSuchGuest
            author = account.username or ""
            self._outbox.add(session, TaskKind.TRANSFER_SONGS, guest_id, target_id=user_id, author=author)
            event = SecurityEvent.GUEST_CLAIMED
            SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin, subject=guest_id)
        self._outbox.wake()
        self._metrics.guests.labels("claimed").inc()
        log.info("guest_claimed", user_id=str(user_id), guest_id=str(guest_id))
