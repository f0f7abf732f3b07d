"""Use cases of moderators and operators: reported comments, bans, moderators, and objects without a song."""

import uuid
from datetime import UTC, datetime, timedelta

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.tokens import Principal

from euterpe_library.domain.moderation import OPERATOR, Action, Ban, Decision, LogEntry, Moderator, Verdict
from euterpe_library.domain.notifications import Event, Kind
from euterpe_library.domain.page import Page, Position
from euterpe_library.errors import CommentNotFound, NotAModerator, UserNotFound
from euterpe_library.storage.comments import CommentRepository
from euterpe_library.storage.moderation import BanRepository, ModerationLogRepository, ModeratorRepository
from euterpe_library.storage.notifications import NotificationRepository
from euterpe_library.storage.reports import OrphanCount, ReportedComment, ReportRepository

log = structlog.get_logger(__name__)

_ACTIONS = {Decision.DISMISS: Action.DISMISSED, Decision.HIDE: Action.HIDDEN, Decision.BAN: Action.BANNED}


class Moderation:
    """Lists and decides reports. Every decision is logged, and the people concerned are notified."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require_moderator(self, user: Principal) -> Moderator:
        """Return the user as a moderator. Raises NotAModerator."""
        async with self._database.readers() as session:
            if not await ModeratorRepository(session).includes(user.id):
                raise NotAModerator
        return Moderator(user.id, user.name)

    async def reported(self, limit: int) -> list[ReportedComment]:
        """Return reported comments, those with the most reports first."""
        async with self._database.readers() as session:
            return await ReportRepository(session).reported(limit)

    async def decide(self, moderator: Moderator, comment_id: uuid.UUID, verdict: Verdict) -> None:
        """Decide the reports of a comment. Raises CommentNotFound; a dismissal also if there are no reports."""
        async with self._database.sessions.begin() as session:
            comments = CommentRepository(session)
            found = await comments.find(comment_id)
            if found is None or not found.author_id:
                raise CommentNotFound
            reporters = await ReportRepository(session).close(comment_id)
            if verdict.decision is Decision.DISMISS and not reporters:
                raise CommentNotFound
            if verdict.decision is not Decision.DISMISS:
                await comments.hide(found)
            if verdict.decision is Decision.BAN:
                until = None if verdict.ban_days is None else datetime.now(UTC) + timedelta(days=verdict.ban_days)
                await BanRepository(session).put(found.author_id, found.author_name, verdict.reason, until)
            action = _ACTIONS[verdict.decision]
            entry = await ModerationLogRepository(session).record(
                moderator, action, comment=found, reason=verdict.reason
            )
            outcome = "kept" if verdict.decision is Decision.DISMISS else "hidden"
            events = [
                Event(each, Kind.REPORT, f"report:{entry}", song_id=found.song_id, text=outcome) for each in reporters
            ]
            if verdict.decision is not Decision.DISMISS:
                subject = f"moderation:{entry}"
                events.append(
                    Event(found.author_id, Kind.MODERATION, subject, song_id=found.song_id, text=action.value)
                )
            await NotificationRepository(session).add(*events)
        log.warning("reports_decided", comment_id=str(comment_id), action=action.value, moderator_id=moderator.id)

    async def delete(self, comment_id: uuid.UUID) -> None:
        """Delete a comment with its reports. Raises CommentNotFound."""
        async with self._database.sessions.begin() as session:
            comments = CommentRepository(session)
            found = await comments.find(comment_id)
            if found is None or not found.author_id:
                raise CommentNotFound
            await comments.delete(found)
            await ModerationLogRepository(session).record(OPERATOR, Action.DELETED, comment=found)
        log.warning("comment_deleted_by_operator", comment_id=str(comment_id), author_id=found.author_id)

    async def bans(self, limit: int) -> list[Ban]:
        """Return the bans that have not ended, the latest first."""
        async with self._database.readers() as session:
            return await BanRepository(session).all(limit)

    async def unban(self, moderator: Moderator, user_id: str) -> None:
        """End a ban. Raises UserNotFound if there is none."""
        async with self._database.sessions.begin() as session:
            name = await BanRepository(session).remove(user_id)
            if name is None:
                raise UserNotFound
            await ModerationLogRepository(session).record(moderator, Action.UNBANNED, user=Moderator(user_id, name))
        log.warning("user_unbanned", user_id=user_id, moderator_id=moderator.id)

    async def entries(self, *, limit: int, after: Position | None) -> Page[LogEntry]:
        """Return the log, newest first."""
        async with self._database.readers() as session:
            return await ModerationLogRepository(session).page(limit=limit, after=after)

    async def moderators(self) -> list[Moderator]:
        """Return all moderators."""
        async with self._database.readers() as session:
            return await ModeratorRepository(session).all()

    async def add_moderator(self, user_id: str, name: str) -> None:
        """Make a user a moderator. Idempotent."""
        async with self._database.sessions.begin() as session:
            await ModeratorRepository(session).add(user_id, name)
            user = Moderator(user_id, name)
            await ModerationLogRepository(session).record(OPERATOR, Action.MODERATOR_ADDED, user=user)
        log.warning("moderator_added", user_id=user_id)

    async def remove_moderator(self, user_id: str) -> None:
        """End a user's role as a moderator. Raises UserNotFound if they have none."""
        async with self._database.sessions.begin() as session:
            name = await ModeratorRepository(session).remove(user_id)
            if name is None:
                raise UserNotFound
            user = Moderator(user_id, name)
            await ModerationLogRepository(session).record(OPERATOR, Action.MODERATOR_REMOVED, user=user)
        log.warning("moderator_removed", user_id=user_id)

    async def orphans(self) -> OrphanCount:
        """Count the objects that wait to be removed."""
        async with self._database.readers() as session:
            return await ReportRepository(session).orphans()
