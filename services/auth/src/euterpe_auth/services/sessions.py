"""Sessions: login, refresh with rotation, logout."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unavailable
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain import refresh_tokens
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.refresh import Verdict, judge
from euterpe_auth.domain.users import User, may_be_username
from euterpe_auth.errors import InvalidRefreshToken, WrongCredentials
from euterpe_auth.services.jwts import SignedToken, TokenSigner
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.storage import sessions, users
from euterpe_auth.storage.models import RefreshTokenRow, SessionRow, UserRow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login or a refresh hands out; lifetimes in seconds."""

    access: SignedToken
    refresh_token: str
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class _Refreshed:
    """What the transaction of a refresh found and did; the tokens only when it went well."""

    verdict: Verdict
    session_id: uuid.UUID
    user: User | None = None
    token: str = ""
    expires_at: datetime | None = None


class Sessions:
    """Use cases around sessions; they open their own transactions, as Users does, and for the same reason."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        signer: TokenSigner,
        metrics: AuthMetrics,
        clock: Clock,
        *,
        session_seconds: int,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._signer = signer
        self._metrics = metrics
        self._clock = clock
        self._lifetime = timedelta(seconds=session_seconds)

    async def log_in(self, username: str, password: str) -> TokenPair:
        """Begins a session. Raises WrongCredentials, and Unavailable when too many hashes are waiting."""
        account = await self._account(username)
        stored = None if account is None else account.password_hash
        try:
            right = await self._passwords.verify(stored, password)
        except Unavailable:
            self._metrics.logins.labels("overloaded").inc()
            raise
        if account is None or not right:
            self._metrics.logins.labels("wrong_credentials").inc()
            # Never the name as it was given: people type passwords into that field.
            log.info("login_failed", user_id=None if account is None else str(account.id))
            raise WrongCredentials
        pair = await self._begin(account, await self._improved_hash(account.password_hash, password))
        self._metrics.logins.labels("success").inc()
        return pair

    async def refresh(self, token: str) -> TokenPair:
        """Exchanges a refresh token for new tokens; raises InvalidRefreshToken, also for one that was used before."""
        async with self._database.sessions.begin() as session:
            done = await self._refresh(session, token)
        # The refusal comes after the transaction: raised inside, it would roll the revocation back.
        verdict = "unknown" if done is None else done.verdict.value
        self._metrics.refreshes.labels(verdict).inc()
        if done is None or done.user is None or done.expires_at is None:
            session_id = None if done is None else str(done.session_id)
            log.warning("refresh_refused", reason=verdict, session_id=session_id)
            raise InvalidRefreshToken
        log.info("session_refreshed", session_id=str(done.session_id), user_id=str(done.user.id), how=verdict)
        return await self._pair(done.user, done.token, done.expires_at)

    async def log_out(self, token: str) -> None:
        """Ends the session that a refresh token belongs to. Like RFC 7009, it is content with any token."""
        async with self._database.sessions.begin() as session:
            row = await sessions.lock_session_of(session, refresh_tokens.digest(token))
            if row is None or row.revoked_at is not None:
                return
            await self._revoke(session, row)
        log.info("logged_out", session_id=str(row.id), user_id=str(row.user_id))

    async def _account(self, username: str) -> UserRow | None:
        # No account has such a name; and PostgreSQL takes no text with a NUL in it.
        if not may_be_username(username):
            return None
        async with self._database.sessions() as session:
            return await users.find_by_name(session, username)

    async def _improved_hash(self, stored: str, password: str) -> str | None:
        return await self._passwords.hash(password) if self._passwords.is_outdated(stored) else None

    async def _begin(self, account: UserRow, new_hash: str | None) -> TokenPair:
        now = self._clock()
        row = SessionRow(id=uuid.uuid4(), user_id=account.id, created_at=now, expires_at=now + self._lifetime)
        token = refresh_tokens.new_refresh_token()
        async with self._database.sessions.begin() as session:
            if new_hash is not None:
                await users.replace_hash(session, account.id, old=account.password_hash, new=new_hash)
            await sessions.delete_expired(session, account.id, now)
            session.add(row)
            await session.flush()
            session.add(_token_row(token, row, now))
        log.info("logged_in", user_id=str(account.id), session_id=str(row.id), rehashed=new_hash is not None)
        user = User(account.id, account.username, account.created_at)
        return await self._pair(user, token, row.expires_at)

    async def _pair(self, user: User, refresh_token: str, expires_at: datetime) -> TokenPair:
        access = await self._signer.access_token(user)
        left = int((expires_at - self._clock()).total_seconds())
        return TokenPair(access, refresh_token, max(0, left))

    async def _refresh(self, session: AsyncSession, token: str) -> _Refreshed | None:
        digest, now = refresh_tokens.digest(token), self._clock()
        row = await sessions.lock_session_of(session, digest)
        if row is None:
            return None
        presented = await sessions.get_token(session, digest)
        verdict = judge(
            now,
            session_expires_at=row.expires_at,
            session_revoked_at=row.revoked_at,
            replaced_at=presented.replaced_at,
            successor_is_current=presented.sealed_successor is not None,
        )
        if verdict is Verdict.REUSED:
            await self._revoke(session, row)
        if verdict is Verdict.ROTATE:
            successor = await self._rotate(session, row, presented, token, now)
        elif verdict is Verdict.REPEAT and presented.sealed_successor is not None:
            successor = refresh_tokens.unseal(presented.sealed_successor, token=token)
        else:
            return _Refreshed(verdict, row.id)
        return _Refreshed(verdict, row.id, await users.find_by_id(session, row.user_id), successor, row.expires_at)

    async def _rotate(
        self, session: AsyncSession, row: SessionRow, presented: RefreshTokenRow, token: str, now: datetime
    ) -> str:
        successor = refresh_tokens.new_refresh_token()
        await sessions.forget_sealed(session, row.id)
        presented.replaced_at = now
        presented.sealed_successor = refresh_tokens.seal(successor, token=token)
        session.add(_token_row(successor, row, now))
        await session.flush()
        return successor

    async def _revoke(self, session: AsyncSession, row: SessionRow) -> None:
        row.revoked_at = self._clock()
        await sessions.forget_sealed(session, row.id)


def _token_row(token: str, row: SessionRow, now: datetime) -> RefreshTokenRow:
    return RefreshTokenRow(digest=refresh_tokens.digest(token), session_id=row.id, issued_at=now)
