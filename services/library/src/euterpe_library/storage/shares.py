"""Share links."""

import uuid
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.share import Share
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import ShareRow

_COLUMNS = [getattr(ShareRow, field.name) for field in fields(Share)]


class ShareRepository:
    """Share links, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self, song_id: uuid.UUID, digest: bytes, *, label: str, allow_download: bool, expires_at: datetime | None
    ) -> Share:
        """Add a link."""
        row = ShareRow(
            song_id=song_id, token_sha256=digest, label=label, allow_download=allow_download, expires_at=expires_at
        )
        self._session.add(row)
        await self._session.flush()
        await self._session.refresh(row)
        return Share(**{field.name: getattr(row, field.name) for field in fields(Share)})

    async def of_song(self, song_id: uuid.UUID) -> list[Share]:
        """Return the links to a song that were not revoked, oldest first."""
        statement = select(*_COLUMNS).where(ShareRow.song_id == song_id, ShareRow.revoked_at.is_(None))
        return [Share(*row) for row in await self._session.execute(statement.order_by(ShareRow.id))]

    async def revoke(self, song_id: uuid.UUID, share_id: uuid.UUID) -> bool:
        """Revoke a link; whether it existed."""
        statement = update(ShareRow).where(
            ShareRow.id == share_id, ShareRow.song_id == song_id, ShareRow.revoked_at.is_(None)
        )
        done = await self._session.execute(statement.values(revoked_at=func.now()).returning(ShareRow.id))
        return done.one_or_none() is not None

    async def find(self, digest: bytes) -> Share | None:
        """Return the link with this token, if it is valid."""
        row = (await self._session.execute(select(*_COLUMNS).where(*_valid(digest)))).one_or_none()
        return None if row is None else Share(*row)

    async def view(self, digest: bytes) -> Share | None:
        """Return the link with this token, if it is valid, and count a view."""
        viewed = {ShareRow.view_count: ShareRow.view_count + 1, ShareRow.last_viewed_at: func.now()}
        statement = update(ShareRow).where(*_valid(digest)).values(viewed).returning(*_COLUMNS)
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else Share(*row)


def _valid(digest: bytes) -> list[ColumnElement[Any]]:
    # Links to a song in the trash are invalid until it is restored.
    alive = select(SongRow.id).where(SongRow.id == ShareRow.song_id, SongRow.deleted_at.is_(None)).exists()
    current = or_(ShareRow.expires_at.is_(None), ShareRow.expires_at > func.now())
    return [ShareRow.token_sha256 == digest, ShareRow.revoked_at.is_(None), current, alive]
