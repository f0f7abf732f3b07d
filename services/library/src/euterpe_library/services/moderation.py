"""Use cases of operators: reported comments, and objects without a song."""

import uuid

import structlog
from euterpe_service_kit.database import Database

from euterpe_library.errors import CommentNotFound
from euterpe_library.storage.comments import CommentRepository
from euterpe_library.storage.reports import OrphanCount, ReportedComment, ReportRepository

log = structlog.get_logger(__name__)


class Moderation:
    """Lists and decides reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reported(self, limit: int) -> list[ReportedComment]:
        """Return reported comments, those with the most reports first."""
        async with self._database.readers() as session:
            return await ReportRepository(session).reported(limit)

    async def delete(self, comment_id: uuid.UUID) -> None:
        """Delete a comment with its reports. Raises CommentNotFound."""
        async with self._database.sessions.begin() as session:
            comments = CommentRepository(session)
            found = await comments.find(comment_id)
            if found is None:
                raise CommentNotFound
            await comments.delete(found)
        log.warning("comment_deleted_by_operator", comment_id=str(comment_id), author_id=found.author_id)

    async def dismiss(self, comment_id: uuid.UUID) -> None:
        """Keep a comment and delete its reports. Raises CommentNotFound if it has none."""
        async with self._database.sessions.begin() as session:
            dismissed = await ReportRepository(session).dismiss(comment_id)
        if not dismissed:
            raise CommentNotFound
        log.warning("reports_dismissed_by_operator", comment_id=str(comment_id), reports=dismissed)

    async def orphans(self) -> OrphanCount:
        """Count the objects that wait to be removed."""
        async with self._database.readers() as session:
            return await ReportRepository(session).orphans()
