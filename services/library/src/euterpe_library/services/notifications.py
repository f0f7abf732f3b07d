"""A user's notifications: list, read, settings, and the stream that open pages follow."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.notifications import Notification, NotificationSettings
from euterpe_library.domain.page import Page, Position
from euterpe_library.errors import NotificationNotFound, TooManyNotificationStreams
from euterpe_library.storage.announcements import Announcements
from euterpe_library.storage.notifications import NotificationRepository, NotificationSettingRepository

MAX_STREAMS: Final = 20
#: A stream ends after this time, so that the page opens another one with a valid token.
STREAM_SECONDS: Final = 540.0
#: How long a stream relies on announcements before it reads the tables again.
_POLL_SECONDS: Final = 30.0


async def page(
    session: AsyncSession, user_id: str, *, limit: int, after: Position | None, unread_only: bool
) -> tuple[Page[Notification], int]:
    """Return a page of notifications, newest first, and the number of unread ones."""
    notifications = NotificationRepository(session)
    found = await notifications.page(user_id, limit=limit, after=after, unread_only=unread_only)
    return found, await notifications.unread_count(user_id)


async def set_read(session: AsyncSession, user_id: str, notification_id: uuid.UUID, *, read: bool) -> None:
    """Mark a notification as read or unread. Idempotent. Raises NotificationNotFound."""
    if not await NotificationRepository(session).set_read(user_id, notification_id, read=read):
        raise NotificationNotFound


async def read_all(session: AsyncSession, user_id: str, until: uuid.UUID | None) -> None:
    """Mark all notifications up to `until` as read, or all of them."""
    await NotificationRepository(session).read_all(user_id, until)


async def settings(session: AsyncSession, user_id: str) -> NotificationSettings:
    """Return a user's settings."""
    return await NotificationSettingRepository(session).get(user_id)


async def put_settings(session: AsyncSession, user_id: str, new: NotificationSettings) -> NotificationSettings:
    """Replace a user's settings."""
    settings = NotificationSettingRepository(session)
    await settings.put(user_id, new)
    return await settings.get(user_id)


@dataclass(frozen=True, slots=True)
class Update:
    """What an open page shows: the number of unread notifications, and the newest one that it has not had."""

    unread_count: int
    latest: Notification | None


class NotificationStream:
    """Follows the notifications of users whose pages are open."""

    def __init__(self, database: Database, announcements: Announcements) -> None:
        self._database = database
        self._announcements = announcements
        self._streams: Counter[str] = Counter()

    @contextmanager
    def occupy(self, user_id: str) -> Iterator[None]:
        """Count a stream of a user while it lasts. Raises TooManyNotificationStreams."""
        if self._streams[user_id] >= MAX_STREAMS:
            raise TooManyNotificationStreams(MAX_STREAMS)
        self._streams[user_id] += 1
        try:
            yield
        finally:
            self._streams[user_id] -= 1
            if not self._streams[user_id]:
                del self._streams[user_id]

    async def follow(self, user_id: str, last_id: uuid.UUID | None) -> AsyncIterator[Update]:
        """Yield the state at once, and then whenever it has changed. A notification is the latest one only once."""
        ends_at = asyncio.get_running_loop().time() + STREAM_SECONDS
        shown: int | None = None
        with self._announcements.watch(user_id) as changed:
            while asyncio.get_running_loop().time() < ends_at:
                changed.clear()
                async with self._database.readers() as session:
                    notifications = NotificationRepository(session)
                    unread = await notifications.unread_count(user_id)
                    latest = await notifications.latest_unread(user_id, last_id)
                if latest is not None:
                    last_id = latest.id
                if latest is not None or unread != shown:
                    shown = unread
                    yield Update(unread, latest)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_SECONDS):
                        await changed.wait()
