"""What operators do with accounts: find, suspend and resume them, end their sessions, and remove a second factor."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import structlog
from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.mails import Notice
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.errors import NoSuchUser
from euterpe_auth.services.mails import Mails
from euterpe_auth.storage.api_keys import ApiKeyRepository
from euterpe_auth.storage.models import UserRow
from euterpe_auth.storage.revocations import RevocationRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.sessions import SessionRepository
from euterpe_auth.storage.totp_secrets import TotpSecretRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)

_OPERATOR = Origin(address="", user_agent="euterpe-admin")


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as operators see it."""

    id: uuid.UUID
    username: str | None
    created_at: datetime
    suspended_at: datetime | None
    active_sessions: int
    api_keys: int
    second_factor: bool
    has_email: bool


class Administration:
    """Use cases of operators. Changes are recorded in the account's audit log."""

    def __init__(self, database: Database, mails: Mails, clock: Clock) -> None:
        self._database = database
        self._mails = mails
        self._clock = clock

    async def find(self, name_or_id: str) -> AccountState:
        """Return an account by its name or id. Raises NoSuchUser."""
        async with self._database.sessions() as session:
            users = UserRepository(session)
            user_id = _uuid(name_or_id)
            row = await (users.find_by_name(name_or_id) if user_id is None else users.get(user_id))
            if row is None:
                raise NoSuchUser
            sessions = await SessionRepository(session).active(row.id, self._clock())
            keys = await ApiKeyRepository(session).of_user(row.id)
            second_factor = await TotpSecretRepository(session).is_enabled(row.id)
        return AccountState(
            row.id,
            row.username,
            row.created_at,
            row.suspended_at,
            len(sessions),
            len(keys),
            second_factor=second_factor,
            has_email=row.email is not None,
        )

    async def suspend(self, user_id: uuid.UUID) -> None:
        """Refuse logins, API keys and all tokens of an account until it is resumed. Idempotent. Raises NoSuchUser."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            row = await self._locked(session, user_id)
            row.suspended_at = row.suspended_at or now
            await SessionRepository(session).revoke(user_id, now)
            # Not the account's id: it would also be refused after it is resumed.
            keys = await ApiKeyRepository(session).of_user(user_id)
            await RevocationRepository(session).add([key.id for key in keys], now)
            self._record(session, SecurityEvent.SUSPENDED, now, user_id)
        log.warning("account_suspended", user_id=str(user_id))

    async def resume(self, user_id: uuid.UUID) -> None:
        """End the suspension of an account. Idempotent. Raises NoSuchUser."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            row = await self._locked(session, user_id)
            row.suspended_at = None
            keys = await ApiKeyRepository(session).of_user(user_id)
            await RevocationRepository(session).remove([key.id for key in keys])
            self._record(session, SecurityEvent.RESUMED, now, user_id)
        log.warning("account_resumed", user_id=str(user_id))

    async def end_sessions(self, user_id: uuid.UUID) -> int:
        """End all sessions of an account, and return how many were active. Raises NoSuchUser."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            await self._locked(session, user_id)
            ended = await SessionRepository(session).revoke(user_id, now)
            self._record(session, SecurityEvent.ALL_SESSIONS_REVOKED, now, user_id)
        log.warning("sessions_ended_by_operator", user_id=str(user_id), sessions=ended)
        return ended

    async def remove_second_factor(self, user_id: uuid.UUID) -> bool:
        """Require no codes at logins of an account any more, and notify its address; False if it required none.

        The password and the sessions remain. Raises NoSuchUser.
        """
        async with self._database.sessions.begin() as session:
            row = await self._locked(session, user_id)
            if not await TotpSecretRepository(session).remove(user_id):
                return False
            self._mails.notify(session, row, Notice.SECOND_FACTOR_REMOVED)
            self._record(session, SecurityEvent.SECOND_FACTOR_REMOVED, self._clock(), user_id)
        self._mails.wake()
        log.warning("second_factor_removed_by_operator", user_id=str(user_id))
        return True

    @staticmethod
    def _record(session: AsyncSession, event: SecurityEvent, now: datetime, user_id: uuid.UUID) -> None:
        SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=_OPERATOR)

    async def _locked(self, session: AsyncSession, user_id: uuid.UUID) -> UserRow:
        row = await UserRepository(session).lock(user_id)
        if row is None:
            raise NoSuchUser
        return row


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
