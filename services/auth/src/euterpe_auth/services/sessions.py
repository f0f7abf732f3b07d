"""Sessions: begun, refreshed with rotation, listed and ended."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain import refresh_tokens
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.refresh import Verdict, judge
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.users import User
from euterpe_auth.errors import InvalidRefreshToken, NoSuchSession
from euterpe_auth.services.jwts import SignedToken, TokenSigner
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.storage import security_events, sessions, users
from euterpe_auth.storage.models import RefreshTokenRow, SessionRow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login or a refresh hands out; lifetimes in seconds."""

    access: SignedToken
    refresh_token: str
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A session whose tokens can be handed out as soon as its transaction has ended."""

    session_id: uuid.UUID
    user: User
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Refused:
    verdict: Verdict
    session_id: uuid.UUID


class Sessions:
    """Use cases around sessions; they open their own transactions, as Users does, and for the same reason."""

    def __init__(
        self, database: Database, signer: TokenSigner, metrics: AuthMetrics, clock: Clock, *, session_seconds: int
    ) -> None:
        self._database = database
        self._signer = signer
        self._metrics = metrics
        self._clock = clock
        self._lifetime = timedelta(seconds=session_seconds)

    async def open(self, session: AsyncSession, user: User, origin: Origin) -> Opened:
        """Begins a session in the caller's transaction."""
        now = self._clock()
        row = SessionRow(
            id=uuid.uuid4(),
            user_id=user.id,
            created_at=now,
            expires_at=now + self._lifetime,
            last_used_at=now,
            address=origin.address,
            user_agent=origin.user_agent,
        )
        token = refresh_tokens.new_refresh_token()
        await sessions.delete_expired(session, now, user_id=user.id)
        session.add(row)
        await session.flush()
        session.add(_token_row(token, row, now))
        return Opened(row.id, user, token, row.expires_at)

    async def pair(self, opened: Opened) -> TokenPair:
        """The tokens of a session that was begun or refreshed."""
        access = await self._signer.access_token(opened.user, session_id=opened.session_id)
        left = int((opened.expires_at - self._clock()).total_seconds())
        return TokenPair(access, opened.token, max(0, left))

    async def refresh(self, token: str, origin: Origin) -> TokenPair:
        """Exchanges a refresh token for new tokens; raises InvalidRefreshToken, also for one that was used before."""
        async with self._database.sessions.begin() as session:
            verdict, done = await self._refresh(session, token, origin)
        # The refusal comes after the transaction: raised inside, it would roll the revocation back.
        self._metrics.refreshes.labels(verdict).inc()
        if not isinstance(done, Opened):
            session_id = None if done is None else str(done.session_id)
            log.warning("refresh_refused", reason=verdict, session_id=session_id)
            raise InvalidRefreshToken
        log.info("session_refreshed", session_id=str(done.session_id), user_id=str(done.user.id), how=verdict)
        return await self.pair(done)

    async def log_out(self, token: str, origin: Origin) -> None:
        """Ends the session that a refresh token belongs to. Like RFC 7009, it is content with any token."""
        async with self._database.sessions.begin() as session:
            row = await sessions.lock_session_of(session, refresh_tokens.digest(token))
            if row is None or row.revoked_at is not None:
                return
            await self._revoke(session, row, SecurityEvent.LOGGED_OUT, origin)
        log.info("logged_out", session_id=str(row.id), user_id=str(row.user_id))

    async def list(self, user_id: uuid.UUID) -> Sequence[SessionRow]:
        """The sessions of an account that have not ended."""
        async with self._database.sessions() as session:
            return await sessions.active(session, user_id, self._clock())

    async def revoke(self, user_id: uuid.UUID, session_id: uuid.UUID, origin: Origin) -> None:
        """Ends one session of an account; raises NoSuchSession, also for somebody else's."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            if not await sessions.revoke(session, user_id, now, only=session_id):
                raise NoSuchSession
            event = SecurityEvent.SESSION_REVOKED
            security_events.record(session, event, at=now, user_id=user_id, origin=origin, subject=session_id)
        log.info("session_revoked", session_id=str(session_id), user_id=str(user_id))

    async def revoke_all(self, user_id: uuid.UUID, origin: Origin) -> None:
        """Ends all sessions of an account."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            ended = await sessions.revoke(session, user_id, now)
            event = SecurityEvent.ALL_SESSIONS_REVOKED
            security_events.record(session, event, at=now, user_id=user_id, origin=origin)
        log.info("all_sessions_revoked", user_id=str(user_id), sessions=ended)

    async def _refresh(self, session: AsyncSession, token: str, origin: Origin) -> tuple[str, Opened | _Refused | None]:
        digest, now = refresh_tokens.digest(token), self._clock()
        row = await sessions.lock_session_of(session, digest)
        if row is None:
            return "unknown", None
        presented = await sessions.get_token(session, digest)
        verdict = judge(
            now,
            session_expires_at=row.expires_at,
            session_revoked_at=row.revoked_at,
            replaced_at=presented.replaced_at,
            successor_is_current=presented.sealed_successor is not None,
        )
        if verdict is Verdict.REUSED:
            await self._revoke(session, row, SecurityEvent.REFRESH_TOKEN_REUSED, origin)
        if verdict is Verdict.ROTATE:
            successor = await self._rotate(session, row, presented, token, now)
        elif verdict is Verdict.REPEAT and presented.sealed_successor is not None:
            successor = refresh_tokens.unseal(presented.sealed_successor, token=token)
        else:
            return verdict.value, _Refused(verdict, row.id)
        row.last_used_at, row.address, row.user_agent = now, origin.address, origin.user_agent
        user = await users.find_by_id(session, row.user_id)
        assert user is not None, "a session refers to its user"
        return verdict.value, Opened(row.id, user, successor, row.expires_at)

    async def _rotate(
        self, session: AsyncSession, row: SessionRow, presented: RefreshTokenRow, token: str, now: datetime
    ) -> str:
        successor = refresh_tokens.new_refresh_token()
        await sessions.forget_sealed(session, [row.id])
        presented.replaced_at = now
        presented.sealed_successor = refresh_tokens.seal(successor, token=token)
        session.add(_token_row(successor, row, now))
        await session.flush()
        return successor

    async def _revoke(self, session: AsyncSession, row: SessionRow, event: SecurityEvent, origin: Origin) -> None:
        row.revoked_at = now = self._clock()
        security_events.record(session, event, at=now, user_id=row.user_id, origin=origin, subject=row.id)
        await sessions.forget_sealed(session, [row.id])


def _token_row(token: str, row: SessionRow, now: datetime) -> RefreshTokenRow:
    return RefreshTokenRow(digest=refresh_tokens.digest(token), session_id=row.id, issued_at=now)
