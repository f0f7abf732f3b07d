"""Accounts: registration, lookup, change of password, and deletion."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unavailable
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.attempts import Charge, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.common_passwords import is_common
from euterpe_auth.domain.mails import Notice
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.outbox import TaskKind
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.users import User, is_reserved, password_is_name
from euterpe_auth.errors import GuessablePassword, NameTaken, NoSuchGuest, RecentAuthenticationRequired, WrongPassword
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.logins import AttemptLimits
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.outbox import Outbox
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.services.recovery_codes import replace_codes
from euterpe_auth.services.registration_challenges import RegistrationChallenges
from euterpe_auth.services.sessions import require_account, require_active
from euterpe_auth.storage.account_tokens import AccountTokenRepository
from euterpe_auth.storage.api_keys import ApiKeyRepository
from euterpe_auth.storage.models import SecurityEventRow, UserRow
from euterpe_auth.storage.outbox import OutboxRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.sessions import SessionRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Time after a login in which credentials can be created without the password.
RECENT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class RegisteredAccount:
    """A new account with its recovery codes, which are not stored."""

    user: User
    recovery_codes: Sequence[str]


class Users:
    """Use cases of accounts.

    They open their own transactions instead of using the request's: computing a password hash takes time, and must not
    hold a connection.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        attempts: Attempts,
        limits: AttemptLimits,
        outbox: Outbox,
        mails: Mails,
        challenges: RegistrationChallenges,
        metrics: AuthMetrics,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._attempts = attempts
        self._limits = limits
        self._outbox = outbox
        self._mails = mails
        self._challenges = challenges
        self._metrics = metrics
        self._clock = clock

    async def register(
        self,
        username: str,
        password: str,
        origin: Origin,
        *,
        guest_id: uuid.UUID | None = None,
        proof: str | None = None,
    ) -> RegisteredAccount:
        """Create an account with recovery codes. A guest becomes the account and keeps its id and songs.

        `proof` is the solution of a challenge, if registrations need one.

        Raises NameTaken, GuessablePassword, NoSuchGuest, RegistrationProofRequired, TooManyAttempts, and Unavailable
        when too many hashes wait.
        """
        require_unguessable(password, username, "body.password")
        return await self._register(username, password, origin, guest_id=guest_id, proof=proof)

    async def register_without_password(
        self,
        username: str,
        origin: Origin,
        *,
        on_added: Callable[[AsyncSession, uuid.UUID], Awaitable[None]],
        guest_id: uuid.UUID | None = None,
        proof: str | None = None,
    ) -> RegisteredAccount:
        """Create an account like `register`, for a user whose other credential `on_added` adds.

        It is called in the account's transaction, and may refuse the registration by raising.
        """
        return await self._register(username, None, origin, guest_id=guest_id, proof=proof, on_added=on_added)

    async def _register(
        self,
        username: str,
        password: str | None,
        origin: Origin,
        *,
        guest_id: uuid.UUID | None,
        proof: str | None,
        on_added: Callable[[AsyncSession, uuid.UUID], Awaitable[None]] | None = None,
    ) -> RegisteredAccount:
        await self._attempts.admit(Charge(key_of("new", origin.network), self._limits.new_accounts))
        async with self._database.sessions() as session:
            taken = is_reserved(username) or await UserRepository(session).is_name_taken(username)
        if not taken:
            # After the checks that users correct, so that one solution is enough.
            await self._challenges.require(proof)
        codes: Sequence[str] | None = None
        if not taken:
            password_hash = None if password is None else await self._passwords.hash(password)
            user = User(guest_id or uuid.uuid4(), username, self._clock())
            codes = await self._add(user, password_hash, origin, promote=guest_id is not None, on_added=on_added)
            taken = codes is None
        self._metrics.registrations.labels("name_taken" if taken else "success").inc()
        if taken or codes is None:
            raise NameTaken
        log.info("user_registered", user_id=str(user.id), was_guest=guest_id is not None)
        return RegisteredAccount(user, codes)

    async def get(self, user_id: uuid.UUID) -> User:
        """Return the account of a valid access token. Raises Unauthenticated when it was deleted."""
        async with self._database.sessions() as session:
            user = await UserRepository(session).find_by_id(user_id)
        return require_account(user)

    async def change_password(
        self,
        user_id: uuid.UUID,
        *,
        current: str | None,
        new: str,
        session_id: uuid.UUID | None,
        revoke_api_keys: bool,
        origin: Origin,
    ) -> int:
        """Change the password, end all sessions except the given one, and return the number of revoked API keys.

        An account without a password needs a recent authentication instead of the current one.

        Raises WrongPassword, RecentAuthenticationRequired, GuessablePassword, TooManyAttempts, SessionEnded,
        Unavailable.
        """
        account = await self._confirmed_in_session(user_id, session_id, current, "body.current_password", origin)
        require_unguessable(new, account.username or "", "body.new_password")
        new_hash = await self._passwords.hash(new)
        now = self._clock()
        async with self._database.sessions.begin() as session:
            row = require_account(await UserRepository(session).lock_registered(user_id))
            if row.password_hash != account.password_hash:
                raise WrongPassword("body.current_password")
            await require_active(session, user_id, session_id, now)
            row.password_hash = new_hash
            await SessionRepository(session).revoke(user_id, now, but=session_id)
            keys = await ApiKeyRepository(session).remove_all(user_id, now) if revoke_api_keys else 0
            await AccountTokenRepository(session).delete_all(user_id)
            self._mails.notify(session, row, Notice.PASSWORD_CHANGED)
            event = SecurityEvent.PASSWORD_CHANGED
            SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin)
        self._mails.wake()
        log.info("password_changed", user_id=str(user_id), revoked_api_keys=keys)
        return keys

    async def require_recent_authentication(
        self, user_id: uuid.UUID, session_id: uuid.UUID | None, password: str | None, origin: Origin
    ) -> None:
        """Require the password, unless the user authenticated in this session within RECENT.

        Raises RecentAuthenticationRequired, SessionEnded, WrongPassword, TooManyAttempts, Unavailable.
        """
        if password is not None:
            await self._confirmed(user_id, password, "body.password", origin)
            return
        now = self._clock()
        async with self._database.sessions() as session:
            row = await require_active(session, user_id, session_id, now)
        if now - (row.authenticated_at or row.created_at) > RECENT:
            raise RecentAuthenticationRequired(round(RECENT.total_seconds() / 60))

    async def reauthenticate(
        self, user_id: uuid.UUID, session_id: uuid.UUID | None, password: str, origin: Origin
    ) -> None:
        """Confirm with the password that the session's user is present, for changes of credentials within RECENT.

        Raises SessionEnded, WrongPassword, TooManyAttempts, Unavailable.
        """
        await self._confirmed(user_id, password, "body.password", origin)
        now = self._clock()
        async with self._database.sessions.begin() as session:
            (await require_active(session, user_id, session_id, now)).authenticated_at = now

    async def delete(
        self, user_id: uuid.UUID, session_id: uuid.UUID | None, password: str | None, origin: Origin
    ) -> None:
        """Delete an account, and all its data through the outbox. Raises as change_password does."""
        await self._confirmed_in_session(user_id, session_id, password, "body.password", origin)
        now = self._clock()
        async with self._database.sessions.begin() as session:
            if await UserRepository(session).remove_user(user_id, now):
                await OutboxRepository(session).turn_transfers_into_deletions(user_id)
                self._outbox.add(session, TaskKind.DELETE_LISTENER, user_id)
                event = SecurityEvent.ACCOUNT_DELETED
                SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin)
        self._outbox.wake()
        log.info("account_deleted", user_id=str(user_id))

    async def credentials(self, user_id: uuid.UUID) -> UserRow:
        """Return the row of an account, for its credentials. Raises Unauthenticated when it was deleted."""
        async with self._database.sessions() as session:
            return require_account(await UserRepository(session).find_registered(user_id))

    async def security_events(
        self, user_id: uuid.UUID, *, before: int | None, limit: int | None
    ) -> Sequence[SecurityEventRow]:
        """Return an account's entries of the audit log, newest first."""
        async with self._database.sessions() as session:
            return await SecurityEventRepository(session).of_user(user_id, before=before, limit=limit)

    async def all_security_events(self, user_id: uuid.UUID) -> Sequence[SecurityEventRow]:
        """Return all entries of an account in the audit log, newest first."""
        return await self.security_events(user_id, before=None, limit=None)

    async def _add(
        self,
        user: User,
        password_hash: str | None,
        origin: Origin,
        *,
        promote: bool,
        on_added: Callable[[AsyncSession, uuid.UUID], Awaitable[None]] | None,
    ) -> Sequence[str] | None:
        """Add the account and return its recovery codes; None when its name is taken."""
        now = user.created_at
        try:
            async with self._database.sessions.begin() as session:
                if promote:
                    await self._promote(session, user, password_hash)
                elif not await UserRepository(session).add_user(user, password_hash):
                    return None
                if on_added is not None:
                    await on_added(session, user.id)
                codes = await replace_codes(session, user.id)
                event = SecurityEvent.REGISTERED
                SecurityEventRepository(session).record(event, at=now, user_id=user.id, origin=origin)
        except IntegrityError:
            # Only the name is unique: it was taken while the hash was computed.
            return None
        self._outbox.wake()
        return codes

    async def _promote(self, session: AsyncSession, user: User, password_hash: str | None) -> None:
        if not await UserRepository(session).promote_guest(user, password_hash):
            raise NoSuchGuest
        # Others may have the guest's tokens, which must not belong to the account.
        await SessionRepository(session).delete_all(user.id, user.created_at)
        # The account owns the songs already; the transfer sets the author's name.
        self._outbox.add(session, TaskKind.TRANSFER_SONGS, user.id, target_id=user.id, author=user.username)
        self._metrics.guests.labels("registered").inc()

    async def _confirmed_in_session(
        self, user_id: uuid.UUID, session_id: uuid.UUID | None, password: str | None, field: str, origin: Origin
    ) -> UserRow:
        """Return the account after its password, or a recent authentication if the account has none."""
        account = await self.credentials(user_id)
        if account.password_hash is not None:
            return await self._confirmed(user_id, password or "", field, origin)
        await self.require_recent_authentication(user_id, session_id, None, origin)
        return account

    async def _confirmed(self, user_id: uuid.UUID, password: str, field: str, origin: Origin) -> UserRow:
        """Return the account if this is its password. Attempts are counted, because the access token may be stolen."""
        async with self._database.sessions() as session:
            account = require_account(await UserRepository(session).find_registered(user_id))
        charge = Charge(key_of("password", str(user_id)), self._limits.per_account)
        await self._attempts.admit(charge)
        try:
            is_correct = await self._passwords.verify(account.password_hash, password)
        except Unavailable:
            await self._attempts.refund(charge)
            raise
        if not is_correct:
            event = SecurityEvent.PASSWORD_REFUSED
            async with self._database.sessions.begin() as session:
                SecurityEventRepository(session).record(event, at=self._clock(), user_id=user_id, origin=origin)
            raise WrongPassword(field)
        await self._attempts.reset(charge)
        return account


def require_unguessable(password: str, username: str, field: str) -> None:
    """Raise GuessablePassword for the name or a password that is known from breaches; `field` is named in the error."""
    if password_is_name(password, username):
        raise GuessablePassword(field, "The password must differ from the username.")
    if is_common(password):
        raise GuessablePassword(field, "This password is known from published breaches. Choose another one.")
