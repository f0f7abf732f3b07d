"""Login with a name and a password."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unavailable

from euterpe_auth.domain.attempts import Charge, Limit, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.users import User, may_be_username
from euterpe_auth.errors import TooManyAttempts, WrongCredentials
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.services.sessions import Sessions, TokenPair
from euterpe_auth.storage import security_events, sessions, users
from euterpe_auth.storage.models import UserRow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """How often passwords may be tried, and how many accounts one address may make."""

    per_account: Limit
    per_address: Limit
    new_accounts: Limit

    @classmethod
    def of(cls, *, per_account: int, per_address: int, new_accounts: int, window_seconds: int) -> "AttemptLimits":
        """From numbers per window."""
        window = timedelta(seconds=window_seconds)
        return cls(Limit(per_account, window), Limit(per_address, window), Limit(new_accounts, window))

    def of_login(self, username: str, origin: Origin, *, known_here: bool) -> tuple[Charge, Charge]:
        """What a login is counted under: the name, whether anybody has it or not, and the address.

        At an address where its owner has logged in before, a name is counted on its own: whoever exhausts the attempts
        from elsewhere does not lock the owner out at home.
        """
        place = (origin.network,) if known_here else ()
        name = key_of("name", username.lower(), *place)
        return Charge(name, self.per_account), Charge(key_of("address", origin.network), self.per_address)


class Logins:
    """The use case of a login; it opens its own transactions, as Users does, and for the same reason."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        attempts: Attempts,
        limits: AttemptLimits,
        metrics: AuthMetrics,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._attempts = attempts
        self._limits = limits
        self._metrics = metrics
        self._clock = clock

    async def log_in(self, username: str, password: str, origin: Origin) -> TokenPair:
        """Begins a session. Raises WrongCredentials, TooManyAttempts, and Unavailable when too many hashes wait."""
        account, known_here = await self._find(username, origin)
        by_name, by_address = self._limits.of_login(username, origin, known_here=known_here)
        stored = None if account is None else account.password_hash
        await self._admit(by_name, by_address)
        try:
            right = await self._passwords.verify(stored, password)
        except Unavailable:
            self._metrics.logins.labels("overloaded").inc()
            await self._attempts.give_back(by_name, by_address)
            raise
        if account is None or stored is None or not right:
            await self._refuse(account, origin)
        pair = await self._begin(account, stored, password, origin)
        await self._attempts.forget(by_name)
        await self._attempts.give_back(by_address)
        self._metrics.logins.labels("success").inc()
        return pair

    async def _admit(self, *charges: Charge) -> None:
        try:
            await self._attempts.admit(*charges)
        except TooManyAttempts:
            self._metrics.logins.labels("limited").inc()
            raise

    async def _find(self, username: str, origin: Origin) -> tuple[UserRow | None, bool]:
        # No account has such a name; and PostgreSQL takes no text with a NUL in it.
        if not may_be_username(username):
            return None, False
        async with self._database.sessions() as session:
            account = await users.find_by_name(session, username)
            return account, await sessions.logged_in_from(session, username, origin.address)

    async def _refuse(self, account: UserRow | None, origin: Origin) -> NoReturn:
        self._metrics.logins.labels("wrong_credentials").inc()
        user_id = None if account is None else account.id
        event = SecurityEvent.LOGIN_FAILED
        async with self._database.sessions.begin() as session:
            security_events.record(session, event, at=self._clock(), user_id=user_id, origin=origin)
        # Never the name as it was given: people type passwords into that field.
        log.info("login_failed", user_id=None if user_id is None else str(user_id))
        raise WrongCredentials

    async def _begin(self, account: UserRow, stored: str, password: str, origin: Origin) -> TokenPair:
        new_hash = await self._passwords.hash(password) if self._passwords.is_outdated(stored) else None
        user = User(account.id, account.username or "", account.created_at)
        async with self._database.sessions.begin() as session:
            # The account may have been deleted, or its password changed, while the hash was computed.
            current = await users.find_registered_locked(session, account.id)
            if current is None or current.password_hash != stored:
                raise WrongCredentials
            if new_hash is not None:
                current.password_hash = new_hash
            opened = await self._sessions.open(session, user, origin)
            event, now = SecurityEvent.LOGGED_IN, self._clock()
            security_events.record(session, event, at=now, user_id=user.id, origin=origin, subject=opened.session_id)
        log.info("logged_in", user_id=str(user.id), session_id=str(opened.session_id), rehashed=new_hash is not None)
        return await self._sessions.pair(opened)
