"""Sessions: creation, refresh with rotation, listing and revocation."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import SessionEnded, Unauthenticated
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain import refresh_tokens
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.refresh import RefreshOutcome, classify_refresh
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.users import User
from euterpe_auth.errors import InvalidRefreshToken, NoSuchSession
from euterpe_auth.services.jwts import SignedToken, TokenSigner
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.storage.models import RefreshTokenRow, SessionRow, UserRow
from euterpe_auth.storage.revocations import RevocationRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.sessions import SessionRepository
from euterpe_auth.storage.users import UserRepository

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Tokens of a login or a refresh; lifetimes in seconds."""

    access: SignedToken
    refresh_token: str
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session whose tokens can be issued after its transaction is committed."""

    session_id: uuid.UUID
    user: User
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Refusal:
    outcome: RefreshOutcome
    session_id: uuid.UUID


class Sessions:
    """Use cases of sessions. They open their own transactions, as Users does."""

    def __init__(
        self,
        database: Database,
        signer: TokenSigner,
        metrics: AuthMetrics,
        clock: Clock,
        *,
        session_seconds: int,
        idle_seconds: int,
    ) -> None:
        self._database = database
        self._signer = signer
        self._metrics = metrics
        self._clock = clock
        self._lifetime = timedelta(seconds=session_seconds)
        self._max_idle = timedelta(seconds=idle_seconds)

    async def open(
        self, session: AsyncSession, user: User, origin: Origin, *, authenticated_at: datetime | None = None
    ) -> OpenedSession:
        """Create a session in the caller's transaction.

        `authenticated_at` is when the user authenticated, if that is not now.
        """
        now = self._clock()
        row = SessionRow(
            id=uuid.uuid4(),
            user_id=user.id,
            created_at=now,
            expires_at=now + self._lifetime,
            last_used_at=now,
            authenticated_at=authenticated_at,
            address=origin.address,
            user_agent=origin.user_agent,
        )
        token = refresh_tokens.new_refresh_token()
        await SessionRepository(session).delete_expired(now, user_id=user.id)
        session.add(row)
        await session.flush()
        session.add(_token_row(token, row, now))
        return OpenedSession(row.id, user, token, row.expires_at)

    async def pair(self, opened: OpenedSession) -> TokenPair:
        """Return the tokens of a created or refreshed session."""
        access = await self._signer.access_token(opened.user, session_id=opened.session_id)
        left = int((opened.expires_at - self._clock()).total_seconds())
        return TokenPair(access, opened.token, max(0, left))

    async def refresh(self, token: str, origin: Origin) -> TokenPair:
        """Exchange a refresh token for new tokens. Raises InvalidRefreshToken."""
        async with self._database.sessions.begin() as session:
            outcome, result = await self._refresh(session, token, origin)
        # Raised after the transaction, which must be committed when it revokes the session.
        self._metrics.refreshes.labels(outcome).inc()
        if not isinstance(result, OpenedSession):
            session_id = None if result is None else str(result.session_id)
            log.warning("refresh_refused", reason=outcome, session_id=session_id)
            raise InvalidRefreshToken
        log.info("session_refreshed", session_id=str(result.session_id), user_id=str(result.user.id), how=outcome)
        return await self.pair(result)

    async def log_out(self, token: str, origin: Origin) -> None:
        """End the session of a refresh token. Any token is accepted, as in RFC 7009."""
        async with self._database.sessions.begin() as session:
            row = await SessionRepository(session).lock_by_token(refresh_tokens.digest(token))
            if row is None or row.revoked_at is not None:
                return
            await self._revoke(session, row, SecurityEvent.LOGGED_OUT, origin)
        log.info("logged_out", session_id=str(row.id), user_id=str(row.user_id))

    async def require(self, user_id: uuid.UUID, session_id: uuid.UUID | None) -> None:
        """Raise SessionEnded unless the session is active; an access token outlives its session by minutes."""
        async with self._database.sessions() as session:
            await require_active(session, user_id, session_id, self._clock())

    async def list(self, user_id: uuid.UUID) -> Sequence[SessionRow]:
        """Return the active sessions of an account."""
        async with self._database.sessions() as session:
            rows = await SessionRepository(session).active(user_id, self._clock())
        return [row for row in rows if self._clock() - row.last_used_at < self._max_idle]

    async def revoke(self, user_id: uuid.UUID, session_id: uuid.UUID, origin: Origin) -> None:
        """End one session of an account. Raises NoSuchSession."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            if not await SessionRepository(session).revoke(user_id, now, only=session_id):
                raise NoSuchSession
            event = SecurityEvent.SESSION_REVOKED
            SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin, subject=session_id)
        log.info("session_revoked", session_id=str(session_id), user_id=str(user_id))

    async def revoke_all(self, user_id: uuid.UUID, origin: Origin) -> None:
        """End all sessions of an account."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            ended = await SessionRepository(session).revoke(user_id, now)
            event = SecurityEvent.ALL_SESSIONS_REVOKED
            SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin)
        log.info("all_sessions_revoked", user_id=str(user_id), sessions=ended)

    async def _refresh(
        self, session: AsyncSession, token: str, origin: Origin
    ) -> tuple[str, OpenedSession | _Refusal | None]:
        digest, now = refresh_tokens.digest(token), self._clock()
        row = await SessionRepository(session).lock_by_token(digest)
        if row is None:
            return "unknown", None
        presented = await SessionRepository(session).get_token(digest)
        user = await UserRepository(session).find_by_id(row.user_id)
        assert user is not None, "a session has a user"
        idle_end = row.expires_at if user.guest else row.last_used_at + self._max_idle
        outcome = classify_refresh(
            now,
            session_expires_at=min(row.expires_at, idle_end),
            session_revoked_at=row.revoked_at,
            replaced_at=presented.replaced_at,
            successor_is_current=presented.sealed_successor is not None,
        )
        if outcome is RefreshOutcome.REUSED:
            await self._revoke(session, row, SecurityEvent.REFRESH_TOKEN_REUSED, origin)
        if outcome is RefreshOutcome.ROTATE:
            successor = await self._rotate(session, row, presented, token, now)
        elif outcome is RefreshOutcome.REPEAT and presented.sealed_successor is not None:
            successor = refresh_tokens.unseal(presented.sealed_successor, token=token)
        else:
            return outcome.value, _Refusal(outcome, row.id)
        row.last_used_at, row.address, row.user_agent = now, origin.address, origin.user_agent
        return outcome.value, OpenedSession(row.id, user, successor, row.expires_at)

    async def _rotate(
        self, session: AsyncSession, row: SessionRow, presented: RefreshTokenRow, token: str, now: datetime
    ) -> str:
        successor = refresh_tokens.new_refresh_token()
        await SessionRepository(session).delete_sealed_successors([row.id])
        presented.replaced_at = now
        presented.sealed_successor = refresh_tokens.seal(successor, token=token)
        session.add(_token_row(successor, row, now))
        await session.flush()
        return successor

    async def _revoke(self, session: AsyncSession, row: SessionRow, event: SecurityEvent, origin: Origin) -> None:
        row.revoked_at = now = self._clock()
        await RevocationRepository(session).add([row.id], now)
        SecurityEventRepository(session).record(event, at=now, user_id=row.user_id, origin=origin, subject=row.id)
        await SessionRepository(session).delete_sealed_successors([row.id])


def require_account(found: T | None) -> T:
    """Return what was found of a token's account. Raises Unauthenticated for None: the account is deleted."""
    if found is None:
        raise Unauthenticated("The account of this token no longer exists.")
    return found


async def lock_account(
    session: AsyncSession, user_id: uuid.UUID, session_id: uuid.UUID | None, now: datetime
) -> UserRow:
    """Lock the account of a token whose session is active. Raises Unauthenticated and SessionEnded."""
    account = require_account(await UserRepository(session).lock_registered(user_id))
    await require_active(session, user_id, session_id, now)
    return account


async def require_active(
    session: AsyncSession, user_id: uuid.UUID, session_id: uuid.UUID | None, now: datetime
) -> SessionRow:
    """Return an active session of a user, within the caller's transaction. Raises SessionEnded."""
    row = None if session_id is None else await SessionRepository(session).get_active(user_id, session_id, now)
    if row is None:
        raise SessionEnded
    return row


def _token_row(token: str, row: SessionRow, now: datetime) -> RefreshTokenRow:
    return RefreshTokenRow(digest=refresh_tokens.digest(token), session_id=row.id, issued_at=now)
