"""Reports of comments, for operators."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import CommentRow, OrphanedArtifactRow, ReportRow


@dataclass(frozen=True, slots=True)
class ReportedComment:
    """A comment with the number of its reports, their reasons, and the notes of those who reported it."""

    comment_id: uuid.UUID
    song_id: uuid.UUID
    song_title: str
    author_id: str
    author: str
    text: str
    reports: int
    reasons: list[str]
    notes: list[str]
    first_reported_at: datetime


@dataclass(frozen=True, slots=True)
class OrphanCount:
    """Objects that wait to be removed because their last song was, and since when."""

    objects: int
    oldest: datetime | None


class ReportRepository:
    """Reports, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def reported(self, limit: int) -> list[ReportedComment]:
        """Return reported comments, those with the most reports first."""
        notes = func.array_remove(func.array_agg(ReportRow.note), "")
        columns: list[Any] = [
            CommentRow.id,
            CommentRow.song_id,
            SongRow.title,
            CommentRow.author_id,
            CommentRow.author,
            CommentRow.body,
            func.count(),
            func.array_agg(ReportRow.reason.distinct()),
            notes,
            func.min(ReportRow.created_at),
        ]
        statement = select(*columns).join(ReportRow, ReportRow.comment_id == CommentRow.id)
        statement = statement.join(SongRow, SongRow.id == CommentRow.song_id).group_by(CommentRow.id, SongRow.title)
        ordered = statement.order_by(func.count().desc(), func.min(ReportRow.created_at)).limit(limit)
        return [ReportedComment(*row) for row in await self._session.execute(ordered)]

    async def close(self, comment_id: uuid.UUID) -> list[str]:
        """Delete the reports of a comment, and return who made them."""
        statement = delete(ReportRow).where(ReportRow.comment_id == comment_id).returning(ReportRow.reporter_id)
        return list(await self._session.scalars(statement))

    async def orphans(self) -> OrphanCount:
        """Count the objects that wait to be removed."""
        waiting = select(func.count(), func.min(OrphanedArtifactRow.since))
        row = (await self._session.execute(waiting.where(OrphanedArtifactRow.collected_at.is_(None)))).one()
        return OrphanCount(*row)
