"""Accounts: registering, and looking oneself up."""

import uuid

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unauthenticated

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.users import User, password_is_name
from euterpe_auth.errors import NameTaken, PasswordIsName
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.storage import users

log = structlog.get_logger(__name__)


class Users:
    """Use cases around accounts.

    They open their own transactions instead of taking the request's: a password hash takes its time and must not
    hold a connection while it waits.
    """

    def __init__(self, database: Database, passwords: Passwords, metrics: AuthMetrics, clock: Clock) -> None:
        self._database = database
        self._passwords = passwords
        self._metrics = metrics
        self._clock = clock

    async def register(self, username: str, password: str) -> User:
        """Makes an account. Raises NameTaken, PasswordIsName, and Unavailable when too many hashes are waiting."""
        if password_is_name(password, username):
            raise PasswordIsName
        async with self._database.sessions() as session:
            taken = await users.name_is_taken(session, username)
        if not taken:
            user = User(uuid.uuid4(), username, self._clock())
            password_hash = await self._passwords.hash(password)
            async with self._database.sessions.begin() as session:
                taken = not await users.add_user(session, user, password_hash)
        self._metrics.registrations.labels("name_taken" if taken else "success").inc()
        if taken:
            raise NameTaken
        log.info("user_registered", user_id=str(user.id))
        return user

    async def get(self, user_id: str) -> User:
        """The account that a valid access token names; Unauthenticated when it is gone since."""
        async with self._database.sessions() as session:
            user = await users.find_by_id(session, uuid.UUID(user_id))
        if user is None:
            raise Unauthenticated("The account of this token does not exist any more.")
        return user
