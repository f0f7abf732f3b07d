"""Tokens of links in mails."""

import uuid
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.account_tokens import AccountToken, AccountTokenKind
from euterpe_auth.storage.models import AccountTokenRow


class AccountTokenRepository:
    """Tokens of links, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, token: AccountToken, *, digest: bytes, expires_at: datetime) -> None:
        """Add a token."""
        row = AccountTokenRow(
            digest=digest, kind=token.kind.value, user_id=token.user_id, email=token.email, expires_at=expires_at
        )
        self._session.add(row)

    async def find(self, digest: bytes, kind: AccountTokenKind, now: datetime) -> AccountToken | None:
        """Return a valid token, which remains valid."""
        statement = select(AccountTokenRow).where(*_valid(digest, kind, now))
        return _token(await self._session.scalar(statement))

    async def use(self, digest: bytes, kind: AccountTokenKind, now: datetime) -> AccountToken | None:
        """Delete a valid token and return it; of concurrent transactions, one gets it."""
        statement = delete(AccountTokenRow).where(*_valid(digest, kind, now)).returning(AccountTokenRow)
        return _token(await self._session.scalar(statement))

    async def delete_all(self, user_id: uuid.UUID) -> None:
        """Delete all tokens of an account."""
        await self._session.execute(delete(AccountTokenRow).where(AccountTokenRow.user_id == user_id))

    async def delete_expired(self, now: datetime) -> None:
        """Delete the tokens that are no longer valid."""
        await self._session.execute(delete(AccountTokenRow).where(AccountTokenRow.expires_at <= now))


def _valid(digest: bytes, kind: AccountTokenKind, now: datetime) -> tuple:  # type: ignore[type-arg]
    return AccountTokenRow.digest == digest, AccountTokenRow.kind == kind.value, AccountTokenRow.expires_at > now


def _token(row: AccountTokenRow | None) -> AccountToken | None:
    return None if row is None else AccountToken(AccountTokenKind(row.kind), row.user_id, row.email)
