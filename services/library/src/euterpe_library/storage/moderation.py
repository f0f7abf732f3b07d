"""Moderators, bans, and the log of moderation."""

import uuid
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Sort
from euterpe_library.domain.moderation import Action, Ban, LogEntry, Moderator
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.social import Comment
from euterpe_library.storage.community_models import BanRow, ModerationLogRow, ModeratorRow

_BAN = [getattr(BanRow, field.name) for field in fields(Ban)]
_ENTRY = [getattr(ModerationLogRow, field.name) for field in fields(LogEntry)]
_ACTIVE = or_(BanRow.until.is_(None), BanRow.until > func.now())


class ModeratorRepository:
    """Moderators, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user_id: str, name: str) -> None:
        """Make a user a moderator. Idempotent."""
        values = {"user_id": user_id, "name": name}
        statement = insert(ModeratorRow).values(values)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["user_id"], set_={"name": statement.excluded.name})
        )

    async def remove(self, user_id: str) -> str | None:
        """Return the name of the removed moderator; None if the user was none."""
        statement = delete(ModeratorRow).where(ModeratorRow.user_id == user_id).returning(ModeratorRow.name)
        return await self._session.scalar(statement)

    async def includes(self, user_id: str) -> bool:
        """Whether a user is a moderator."""
        return bool(await self._session.scalar(select(exists().where(ModeratorRow.user_id == user_id))))

    async def all(self) -> list[Moderator]:
        """Return all moderators by name."""
        columns = (ModeratorRow.user_id, ModeratorRow.name)
        return [Moderator(*row) for row in await self._session.execute(select(*columns).order_by(ModeratorRow.name))]


class BanRepository:
    """Bans, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def active(self, user_id: str) -> Ban | None:
        """Return the ban of a user, unless it has ended."""
        row = (await self._session.execute(select(*_BAN).where(BanRow.user_id == user_id, _ACTIVE))).one_or_none()
        return None if row is None else Ban(*row)

    async def put(self, user_id: str, name: str, reason: str, until: datetime | None) -> None:
        """Ban a user; a new ban replaces an earlier one."""
        statement = insert(BanRow).values(user_id=user_id, name=name, reason=reason, until=until)
        updated: dict[str, Any] = {field: statement.excluded[field] for field in ("name", "reason", "until")}
        updated["created_at"] = func.now()
        await self._session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=updated))

    async def remove(self, user_id: str) -> str | None:
        """Return the name of the user whose ban was ended; None if there was none."""
        statement = delete(BanRow).where(BanRow.user_id == user_id).returning(BanRow.name)
        return await self._session.scalar(statement)

    async def all(self, limit: int) -> list[Ban]:
        """Return the bans that have not ended, the latest first."""
        statement = select(*_BAN).where(_ACTIVE).order_by(BanRow.created_at.desc()).limit(limit)
        return [Ban(*row) for row in await self._session.execute(statement)]


class ModerationLogRepository:
    """The log, within one transaction. Entries are never changed."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def record(
        self,
        moderator: Moderator,
        action: Action,
        *,
        user: Moderator | None = None,
        comment: Comment | None = None,
        reason: str = "",
    ) -> uuid.UUID:
        """Add an entry about a comment or a user; return its id."""
        about = Moderator(comment.author_id, comment.author_name) if comment else user
        values = {
            "moderator_id": moderator.id,
            "moderator": moderator.name,
            "action": action.value,
            "user_id": about.id if about else None,
            "user_name": about.name if about else "",
            "song_id": comment.song_id if comment else None,
            "comment_id": comment.id if comment else None,
            "text": comment.body if comment else "",
            "reason": reason,
        }
        statement = insert(ModerationLogRow).values(values).returning(ModerationLogRow.id)
        return (await self._session.scalars(statement)).one()

    async def page(self, *, limit: int, after: Position | None) -> Page[LogEntry]:
        """Return the entries, newest first."""
        order = (ModerationLogRow.created_at, ModerationLogRow.id)
        statement = select(*_ENTRY)
        if after is not None:
            statement = statement.where(tuple_(*order) < tuple_(after.value, after.id))
        statement = statement.order_by(*(column.desc() for column in order)).limit(limit + 1)
        found = tuple(LogEntry(*row) for row in await self._session.execute(statement))
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], Position(Sort.NEWEST, last.created_at, last.id) if last else None)
