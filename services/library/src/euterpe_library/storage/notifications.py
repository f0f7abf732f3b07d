"""Notifications and their settings. Rows are written in the transaction of the event that they are about."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import UUID, and_, case, cast, delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.filters import Sort
from euterpe_library.domain.moderation import Action
from euterpe_library.domain.notifications import (
    KEPT,
    Channels,
    Event,
    Frequency,
    Kind,
    Notification,
    NotificationSettings,
    excerpt,
)
from euterpe_library.domain.page import Page, Position
from euterpe_library.storage.community_models import (
    BanRow,
    DigestSettingRow,
    ModerationLogRow,
    NotificationRow,
    NotificationSettingRow,
    ProfileRow,
)
from euterpe_library.storage.models import SongRow

#: Channel of PostgreSQL's NOTIFY; the payload is the recipient's id.
CHANNEL = "library_notifications"
#: The count of unread notifications ends here; the page shows "99+".
MAX_COUNTED = 100

# One statement for any number of events. A notification that the recipient already has, that is about a user whom the
# recipient has blocked, or that is for a deleted account is not added.
_ADD = text("""
    INSERT INTO notifications (recipient_id, kind, subject, actor_id, actor, song_id, comment_id, text, in_page,
                               by_email)
    SELECT event.recipient_id, event.kind, event.subject, event.actor_id, event.actor, event.song_id, event.comment_id,
           event.text, coalesce(setting.in_page, true), coalesce(setting.by_email, true)
    FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS event(
           recipient_id text, kind text, subject text, actor_id text, actor text, song_id uuid, comment_id uuid,
           text text)
    LEFT JOIN notification_settings AS setting
           ON setting.user_id = event.recipient_id AND setting.kind = event.kind
    WHERE event.actor_id IS DISTINCT FROM event.recipient_id
      AND NOT EXISTS (SELECT 1 FROM blocks WHERE user_id = event.recipient_id AND blocked_id = event.actor_id)
      AND NOT EXISTS (SELECT 1 FROM deleted_listeners WHERE listener_id = event.recipient_id)
    ON CONFLICT (recipient_id, subject) DO NOTHING
    RETURNING recipient_id
""")
# Within the transaction, so that a notification is announced exactly when it can be read. Only transactions that
# announce wait for one another.
_ANNOUNCE = text("SELECT pg_notify(:channel, recipient) FROM unnest(CAST(:recipients AS text[])) AS recipient")

_READABLE = and_(
    SongRow.id == NotificationRow.song_id,
    SongRow.deleted_at.is_(None),
    or_(SongRow.visibility != Visibility.PRIVATE, SongRow.owner_id == NotificationRow.recipient_id),
)
# The log keeps the text of a hidden comment, also when its author has deleted the comment.
_DECISION_PREFIX = f"{Kind.MODERATION.value}:"
_DECIDED = ModerationLogRow.id == case(
    (
        NotificationRow.kind == Kind.MODERATION.value,
        cast(func.substr(NotificationRow.subject, len(_DECISION_PREFIX) + 1), UUID(as_uuid=True)),
    )
)
_BANNED = and_(
    NotificationRow.kind == Kind.MODERATION.value,
    NotificationRow.text == Action.BANNED.value,
    BanRow.user_id == NotificationRow.recipient_id,
)
_IN_PAGE = NotificationRow.in_page.is_(True)
_UNREAD = and_(_IN_PAGE, NotificationRow.read_at.is_(None))


class NotificationRepository:
    """Notifications, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, *events: Event) -> None:
        """Add notifications, and announce them to the open pages of their recipients when the transaction commits."""
        if not events:
            return
        rows = [asdict(event) for event in events]
        added = await self._session.scalars(_ADD, {"events": json.dumps(rows, default=str)})
        await self._announce(sorted(set(added)))

    async def page(
        self, user_id: str, *, limit: int, after: Position | None, unread_only: bool = False
    ) -> Page[Notification]:
        """Return a user's notifications, newest first."""
        order = (NotificationRow.created_at, NotificationRow.id)
        statement = select_notifications().where(
            NotificationRow.recipient_id == user_id, _UNREAD if unread_only else _IN_PAGE
        )
        if after is not None:
            statement = statement.where(tuple_(*order) < tuple_(after.value, after.id))
        statement = statement.order_by(*(column.desc() for column in order)).limit(limit + 1)
        found = tuple(to_notification(row) for row in await self._session.execute(statement))
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], Position(Sort.NEWEST, last.created_at, last.id) if last else None)

    async def unread_count(self, user_id: str) -> int:
        """Count unread notifications, up to MAX_COUNTED."""
        unread = select(NotificationRow.id).where(NotificationRow.recipient_id == user_id, _UNREAD).limit(MAX_COUNTED)
        return int(await self._session.scalar(select(func.count()).select_from(unread.subquery())) or 0)

    async def latest_unread(self, user_id: str, after_id: uuid.UUID | None) -> Notification | None:
        """Return the newest unread notification, if it is newer than `after_id`."""
        statement = select_notifications().where(NotificationRow.recipient_id == user_id, _UNREAD)
        if after_id is not None:
            statement = statement.where(NotificationRow.id > after_id)
        row = (await self._session.execute(statement.order_by(NotificationRow.id.desc()).limit(1))).one_or_none()
        return None if row is None else to_notification(row)

    async def set_read(self, user_id: str, notification_id: uuid.UUID, *, read: bool) -> bool:
        """Mark a notification as read or unread; return whether the user has it."""
        own = (NotificationRow.id == notification_id) & (NotificationRow.recipient_id == user_id) & _IN_PAGE
        time = func.coalesce(NotificationRow.read_at, func.now()) if read else None
        statement = update(NotificationRow).where(own).values(read_at=time).returning(NotificationRow.id)
        found = await self._session.scalar(statement) is not None
        await self._announce([user_id])
        return found

    async def read_all(self, user_id: str, until: uuid.UUID | None) -> None:
        """Mark all notifications as read, or those up to one that the user has seen."""
        statement = update(NotificationRow).where(NotificationRow.recipient_id == user_id, _UNREAD)
        if until is not None:
            statement = statement.where(NotificationRow.id <= until)
        await self._session.execute(statement.values(read_at=func.now()))
        await self._announce([user_id])

    async def transfer(self, from_id: str, to_id: str) -> None:
        """Give one user's notifications to another."""
        own = NotificationRow.recipient_id == from_id
        known = select(NotificationRow.subject).where(NotificationRow.recipient_id == to_id)
        await self._session.execute(delete(NotificationRow).where(own, NotificationRow.subject.in_(known)))
        await self._session.execute(update(NotificationRow).where(own).values(recipient_id=to_id))

    async def delete_expired(self) -> None:
        """Delete notifications that are older than KEPT."""
        await self._session.execute(delete(NotificationRow).where(NotificationRow.created_at < func.now() - KEPT))

    async def _announce(self, recipients: Sequence[str]) -> None:
        if recipients:
            await self._session.execute(_ANNOUNCE, {"channel": CHANNEL, "recipients": list(recipients)})


class NotificationSettingRepository:
    """Settings of notifications, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, user_id: str) -> NotificationSettings:
        """Return a user's settings; the defaults for a user without any."""
        setting = NotificationSettingRow
        columns = (setting.kind, setting.in_page, setting.by_email)
        rows = await self._session.execute(select(*columns).where(setting.user_id == user_id))
        stored = {kind: Channels(page, email) for kind, page, email in rows}
        digest = await self._session.get(DigestSettingRow, user_id)
        return NotificationSettings(
            kinds={kind: stored.get(kind.value, Channels()) for kind in Kind},
            digest=Frequency(digest.frequency) if digest else Frequency.OFF,
            language=digest.language if digest else "en",
        )

    async def put(self, user_id: str, settings: NotificationSettings) -> None:
        """Replace a user's settings."""
        rows = [
            {"user_id": user_id, "kind": kind.value, "in_page": channels.page, "by_email": channels.email}
            for kind, channels in settings.kinds.items()
        ]
        statement = insert(NotificationSettingRow).values(rows)
        updated = {name: statement.excluded[name] for name in ("in_page", "by_email")}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["user_id", "kind"], set_=updated))
        if settings.digest is Frequency.OFF:
            await self._session.execute(delete(DigestSettingRow).where(DigestSettingRow.user_id == user_id))
            return
        digest = insert(DigestSettingRow).values(
            user_id=user_id,
            frequency=settings.digest.value,
            language=settings.language,
            next_at=func.now() + settings.digest.interval,
        )
        # A longer or shorter interval begins now; another language changes nothing else.
        next_at = func.least(DigestSettingRow.next_at, digest.excluded.next_at)
        values = {"frequency": digest.excluded.frequency, "language": digest.excluded.language, "next_at": next_at}
        await self._session.execute(digest.on_conflict_do_update(index_elements=["user_id"], set_=values))


def select_notifications(*first: Any) -> Any:
    """Select the columns of notifications as their recipients see them, after the columns `first`."""
    row = NotificationRow
    columns = (
        *first,
        row.id,
        row.kind,
        row.actor_id,
        func.coalesce(ProfileRow.display_name, ProfileRow.name, row.actor),
        func.coalesce(ProfileRow.name, row.actor),
        ProfileRow.picture_key,
        row.song_id,
        SongRow.title,
        row.comment_id,
        row.text,
        row.created_at,
        row.read_at,
        ModerationLogRow.text,
        func.nullif(ModerationLogRow.reason, ""),
        BanRow.until,
    )
    statement = select(*columns).outerjoin(SongRow, _READABLE).outerjoin(ModerationLogRow, _DECIDED)
    statement = statement.outerjoin(BanRow, _BANNED)
    return statement.outerjoin(ProfileRow, ProfileRow.user_id == row.actor_id)


def to_notification(row: Any) -> Notification:
    """Map a row of `select_notifications`."""
    notification_id, kind, *rest, comment, reason, banned_until = row
    comment_text = excerpt(comment) if comment else None
    decision = {"comment_text": comment_text, "reason": reason, "banned_until": banned_until}
    return Notification(notification_id, Kind(kind), *rest, **decision)


class DigestRepository:
    """Digests that are due, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim_due(self, now: datetime, retry_at: datetime) -> tuple[str, str] | None:
        """Claim a user whose digest is due: id and language. It is due again at `retry_at`."""
        digest = DigestSettingRow
        statement = select(digest).where(digest.next_at <= now).order_by(digest.next_at).limit(1)
        row = await self._session.scalar(statement.with_for_update(skip_locked=True))
        if row is None:
            return None
        row.next_at = retry_at
        return row.user_id, row.language

    async def stop(self, user_id: str) -> None:
        """Send a user no digests any more."""
        await self._session.execute(delete(DigestSettingRow).where(DigestSettingRow.user_id == user_id))

    async def pending(self, user_id: str, limit: int) -> list[Notification]:
        """Return the unread notifications that no digest had, oldest first."""
        wanted = (
            NotificationRow.recipient_id == user_id,
            NotificationRow.by_email.is_(True),
            NotificationRow.emailed_at.is_(None),
            NotificationRow.read_at.is_(None),
        )
        rows = await self._session.execute(
            select_notifications().where(*wanted).order_by(NotificationRow.id).limit(limit)
        )
        return [to_notification(row) for row in rows]

    async def confirm(self, user_id: str, ids: Sequence[uuid.UUID], now: datetime) -> None:
        """Record that a digest with these notifications was sent; the next one is due after the user's interval."""
        own = (NotificationRow.recipient_id == user_id) & NotificationRow.id.in_(ids)
        new = NotificationRow.emailed_at.is_(None)
        await self._session.execute(update(NotificationRow).where(own, new).values(emailed_at=func.now()))
        row = await self._session.get(DigestSettingRow, user_id, with_for_update=True)
        if row is not None:
            row.next_at = now + Frequency(row.frequency).interval
