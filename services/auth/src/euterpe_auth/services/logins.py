"""Login with username and password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unavailable
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.attempts import Charge, Limit, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.users import User, may_be_username
from euterpe_auth.errors import (
    AccountSuspended,
    SecondFactorRequired,
    TooManyAttempts,
    WrongCredentials,
    WrongSecondFactor,
)
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.services.second_factor import SecondFactor
from euterpe_auth.services.sessions import OpenedSession, Sessions, TokenPair
from euterpe_auth.storage.models import UserRow
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.sessions import SessionRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Limits of password attempts, and of new accounts per address."""

    per_account: Limit
    per_address: Limit
    new_accounts: Limit

    @classmethod
    def of(cls, *, per_account: int, per_address: int, new_accounts: int, window_seconds: int) -> "AttemptLimits":
        """Create from numbers per window."""
        window = timedelta(seconds=window_seconds)
        return cls(Limit(per_account, window), Limit(per_address, window), Limit(new_accounts, window))

    def of_login(self, username: str, origin: Origin, *, is_known_address: bool) -> tuple[Charge, Charge]:
        """Return the charges of a login: for the name, whether it exists or not, and for the address.

        At an address where the account has logged in before, its name is counted separately, so that attempts from
        other addresses do not lock the owner out.
        """
        elsewhere, at_known_address = login_keys(username, origin)
        name = at_known_address if is_known_address else elsewhere
        return Charge(name, self.per_account), Charge(key_of("address", origin.network), self.per_address)


async def open_login(
    session: AsyncSession,
    sessions: Sessions,
    account: UserRow,
    origin: Origin,
    now: datetime,
    *,
    authenticated_at: datetime | None = None,
) -> OpenedSession:
    """Create a session of an authenticated account, whose row is locked, within the caller's transaction.

    Raises AccountSuspended.
    """
    if account.suspended_at is not None:
        raise AccountSuspended
    user = User(account.id, account.username or "", account.created_at)
    opened = await sessions.open(session, user, origin, authenticated_at=authenticated_at)
    SecurityEventRepository(session).record(
        SecurityEvent.LOGGED_IN, at=now, user_id=user.id, origin=origin, subject=opened.session_id
    )
    return opened


def login_keys(username: str, origin: Origin) -> tuple[bytes, bytes]:
    """Return the keys that count logins of a name: at unknown addresses, and at this one if the account has used it."""
    return key_of("name", username.lower()), key_of("name", username.lower(), origin.network)


class Logins:
    """The use case of a login. It opens its own transactions, as Users does."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        second_factor: SecondFactor,
        attempts: Attempts,
        limits: AttemptLimits,
        metrics: AuthMetrics,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._second_factor = second_factor
        self._attempts = attempts
        self._limits = limits
        self._metrics = metrics
        self._clock = clock

    async def log_in(self, username: str, password: str, origin: Origin, *, code: str | None = None) -> TokenPair:
        """Create a session. `code` is that of the second factor, if the account has one.

        Raises WrongCredentials, SecondFactorRequired, WrongSecondFactor, AccountSuspended, TooManyAttempts, and
        Unavailable when too many hashes wait.
        """
        account, is_known_address = await self._find(username, origin)
        by_name, by_address = self._limits.of_login(username, origin, is_known_address=is_known_address)
        stored = None if account is None else account.password_hash
        await self._admit(by_name, by_address)
        try:
            is_correct = await self._passwords.verify(stored, password)
        except Unavailable:
            self._metrics.logins.labels("overloaded").inc()
            await self._attempts.refund(by_name, by_address)
            raise
        if account is None or stored is None or not is_correct:
            await self._refuse(account, origin)
        try:
            await self._second_factor.require(account.id, code, origin)
        except (SecondFactorRequired, WrongSecondFactor) as error:
            self._metrics.logins.labels(error.slug.replace("-", "_")).inc()
            raise
        pair = await self._open_session(account, stored, password, origin)
        await self._attempts.reset(by_name)
        await self._attempts.refund(by_address)
        self._metrics.logins.labels("success").inc()
        return pair

    async def _admit(self, *charges: Charge) -> None:
        try:
            await self._attempts.admit(*charges)
        except TooManyAttempts:
            self._metrics.logins.labels("limited").inc()
            raise

    async def _find(self, username: str, origin: Origin) -> tuple[UserRow | None, bool]:
        # Invalid names belong to no account, and PostgreSQL accepts no text with a NUL.
        if not may_be_username(username):
            return None, False
        async with self._database.sessions() as session:
            account = await UserRepository(session).find_by_name(username)
            return account, await SessionRepository(session).has_session_from(username, origin.address)

    async def _refuse(self, account: UserRow | None, origin: Origin) -> NoReturn:
        self._metrics.logins.labels("wrong_credentials").inc()
        user_id = None if account is None else account.id
        event = SecurityEvent.LOGIN_FAILED
        async with self._database.sessions.begin() as session:
            SecurityEventRepository(session).record(event, at=self._clock(), user_id=user_id, origin=origin)
        # The typed name is not logged: people type passwords into that field.
        log.info("login_failed", user_id=None if user_id is None else str(user_id))
        raise WrongCredentials

    async def _open_session(self, account: UserRow, stored: str, password: str, origin: Origin) -> TokenPair:
        new_hash = await self._passwords.hash(password) if self._passwords.is_outdated(stored) else None
        async with self._database.sessions.begin() as session:
            # The account may have been deleted, or its password changed, while the hash was computed.
            current = await UserRepository(session).lock_registered(account.id)
            if current is None or current.password_hash != stored:
                raise WrongCredentials
            if new_hash is not None:
                current.password_hash = new_hash
            opened = await open_login(session, self._sessions, current, origin, self._clock())
        log.info("logged_in", user_id=str(account.id), session_id=str(opened.session_id), rehashed=new_hash is not None)
        return await self._sessions.pair(opened)
