"""Accounts: registering, looking oneself up, changing the password, and leaving."""

import uuid
from collections.abc import Sequence
from typing import TypeVar

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unauthenticated, Unavailable
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.attempts import Charge, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.common_passwords import is_common
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.outbox import TaskKind
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.users import User, is_reserved, password_is_name
from euterpe_auth.errors import GuessablePassword, NameTaken, NoSuchGuest, WrongPassword
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.logins import AttemptLimits
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.outbox import PeerTasks
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.storage import outbox as peer_tasks
from euterpe_auth.storage import security_events, sessions, users
from euterpe_auth.storage.models import SecurityEventRow, UserRow

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Users:
    """Use cases around accounts.

    They open their own transactions instead of taking the request's: a password hash takes its time and must not
    hold a connection while it waits.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        attempts: Attempts,
        limits: AttemptLimits,
        tasks: PeerTasks,
        metrics: AuthMetrics,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._attempts = attempts
        self._limits = limits
        self._tasks = tasks
        self._metrics = metrics
        self._clock = clock

    async def register(
        self, username: str, password: str, origin: Origin, *, guest_id: uuid.UUID | None = None
    ) -> User:
        """Makes an account; a guest's becomes it and keeps its id, so that the guest's pieces are its own at once.

        Raises NameTaken, GuessablePassword, NoSuchGuest, TooManyAttempts, and Unavailable when too many hashes wait.
        """
        _require_unguessable(password, username, "body.password")
        await self._attempts.admit(Charge(key_of("new", origin.network), self._limits.new_accounts))
        async with self._database.sessions() as session:
            taken = is_reserved(username) or await users.name_is_taken(session, username)
        if not taken:
            password_hash = await self._passwords.hash(password)
            user = User(guest_id or uuid.uuid4(), username, self._clock())
            taken = not await self._add(user, password_hash, origin, promote=guest_id is not None)
        self._metrics.registrations.labels("name_taken" if taken else "success").inc()
        if taken:
            raise NameTaken
        log.info("user_registered", user_id=str(user.id), was_guest=guest_id is not None)
        return user

    async def get(self, user_id: uuid.UUID) -> User:
        """The account that a valid access token names; Unauthenticated when it is gone since."""
        async with self._database.sessions() as session:
            user = await users.find_by_id(session, user_id)
        return _present(user)

    async def change_password(
        self, user_id: uuid.UUID, *, current: str, new: str, session_id: uuid.UUID | None, origin: Origin
    ) -> None:
        """Stores another password and ends all sessions but the one given.

        Raises WrongPassword, GuessablePassword, TooManyAttempts, Unavailable.
        """
        account = await self._confirmed(user_id, current, "body.current_password", origin)
        _require_unguessable(new, account.username or "", "body.new_password")
        new_hash = await self._passwords.hash(new)
        now = self._clock()
        async with self._database.sessions.begin() as session:
            row = _present(await users.find_registered_locked(session, user_id))
            if row.password_hash != account.password_hash:
                raise WrongPassword("body.current_password")
            row.password_hash = new_hash
            await sessions.revoke(session, user_id, now, but=session_id)
            event = SecurityEvent.PASSWORD_CHANGED
            security_events.record(session, event, at=now, user_id=user_id, origin=origin)
        log.info("password_changed", user_id=str(user_id))

    async def delete(self, user_id: uuid.UUID, password: str, origin: Origin) -> None:
        """Deletes an account at once, and has the library delete what was its; raises as change_password does."""
        await self._confirmed(user_id, password, "body.password", origin)
        now = self._clock()
        async with self._database.sessions.begin() as session:
            if await users.remove_user(session, user_id):
                await peer_tasks.delete_instead(session, user_id)
                self._tasks.add(session, TaskKind.DELETE_LISTENER, user_id)
                event = SecurityEvent.ACCOUNT_DELETED
                security_events.record(session, event, at=now, user_id=user_id, origin=origin)
        self._tasks.wake()
        log.info("account_deleted", user_id=str(user_id))

    async def security_events(
        self, user_id: uuid.UUID, *, before: int | None, limit: int
    ) -> Sequence[SecurityEventRow]:
        """What the audit log knows of an account, the newest first."""
        async with self._database.sessions() as session:
            return await security_events.of_user(session, user_id, before=before, limit=limit)

    async def _add(self, user: User, password_hash: str, origin: Origin, *, promote: bool) -> bool:
        now = user.created_at
        try:
            async with self._database.sessions.begin() as session:
                if promote:
                    await self._promote(session, user, password_hash)
                elif not await users.add_user(session, user, password_hash):
                    return False
                event = SecurityEvent.REGISTERED
                security_events.record(session, event, at=now, user_id=user.id, origin=origin)
        except IntegrityError:
            # Only the name is unique here: somebody else took it while the hash was computed.
            return False
        self._tasks.wake()
        return True

    async def _promote(self, session: AsyncSession, user: User, password_hash: str) -> None:
        if not await users.promote_guest(session, user, password_hash):
            raise NoSuchGuest
        # A guest's token may be in other hands, which must not hold one of the account's.
        await sessions.delete_all(session, user.id)
        # The pieces are the account's already; their author has a name now.
        self._tasks.add(session, TaskKind.TRANSFER_SONGS, user.id, target_id=user.id, author=user.username)
        self._metrics.guests.labels("registered").inc()

    async def _confirmed(self, user_id: uuid.UUID, password: str, field: str, origin: Origin) -> UserRow:
        """The account, if this is its password. Guesses are counted: the token alone may be in wrong hands."""
        async with self._database.sessions() as session:
            account = _present(await users.find_registered(session, user_id))
        charge = Charge(key_of("password", str(user_id)), self._limits.per_account)
        await self._attempts.admit(charge)
        try:
            right = await self._passwords.verify(account.password_hash, password)
        except Unavailable:
            await self._attempts.give_back(charge)
            raise
        if not right:
            event = SecurityEvent.PASSWORD_REFUSED
            async with self._database.sessions.begin() as session:
                security_events.record(session, event, at=self._clock(), user_id=user_id, origin=origin)
            raise WrongPassword(field)
        await self._attempts.forget(charge)
        return account


def _require_unguessable(password: str, username: str, field: str) -> None:
    if password_is_name(password, username):
        raise GuessablePassword(field, "The password must differ from the username.")
    if is_common(password):
        raise GuessablePassword(field, "This password is among the 3,000 commonest; choose another.")


def _present(found: T | None) -> T:
    if found is None:
        raise Unauthenticated("The account of this token does not exist any more.")
    return found
