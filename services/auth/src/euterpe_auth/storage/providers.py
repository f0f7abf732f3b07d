"""Links with users of an OpenID Connect provider, and authentications in progress."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.storage.models import ProviderLinkRow, ProviderRequestRow


class ProviderRepository:
    """Links and requests, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_user(self, user_id: uuid.UUID) -> Sequence[ProviderLinkRow]:
        """Return an account's links, also with providers that are no longer configured, newest first."""
        statement = select(ProviderLinkRow).where(ProviderLinkRow.user_id == user_id)
        return (await self._session.scalars(statement.order_by(ProviderLinkRow.created_at.desc()))).all()

    async def find(self, issuer: str, subject: str) -> ProviderLinkRow | None:
        """Return the link with a user of a provider."""
        return await self._session.scalar(
            select(ProviderLinkRow).where(ProviderLinkRow.issuer == issuer, ProviderLinkRow.subject == subject)
        )

    async def add(self, user_id: uuid.UUID, *, issuer: str, subject: str, name: str, now: datetime) -> bool:
        """Add a link; False if the user of the provider or the account has one, also by a concurrent transaction."""
        values = {
            "id": uuid.uuid4(),
            "user_id": user_id,
            "issuer": issuer,
            "subject": subject,
            "name": name,
            "created_at": now,
        }
        statement = insert(ProviderLinkRow).values(values).on_conflict_do_nothing().returning(ProviderLinkRow.id)
        return await self._session.scalar(statement) is not None

    async def remove_all(self, user_id: uuid.UUID) -> bool:
        """Delete an account's links; False when it has none."""
        statement = delete(ProviderLinkRow).where(ProviderLinkRow.user_id == user_id).returning(ProviderLinkRow.id)
        return bool((await self._session.scalars(statement)).all())

    def add_request(self, row: ProviderRequestRow) -> None:
        """Add a request."""
        self._session.add(row)

    async def lock_request(self, digest: bytes, now: datetime) -> ProviderRequestRow | None:
        """Return the request of a ticket, locked, so that it continues once; None if it has expired."""
        statement = select(ProviderRequestRow).where(
            ProviderRequestRow.digest == digest, ProviderRequestRow.expires_at > now
        )
        return await self._session.scalar(statement.with_for_update())

    async def remove_request(self, row: ProviderRequestRow) -> None:
        """Delete a locked request."""
        await self._session.delete(row)

    async def delete_expired_requests(self, now: datetime) -> None:
        """Delete the requests that are no longer valid."""
        await self._session.execute(delete(ProviderRequestRow).where(ProviderRequestRow.expires_at <= now))
