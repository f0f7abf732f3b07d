"""The digest: one message with a user's unread notifications, sent daily or weekly to those who want it.

Delivery is at least once: a crash between sending and recording repeats a message, with the same `message_id`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog
from euterpe_service_kit.database import Database

from euterpe_library.domain.digest import digest_subject, digest_text
from euterpe_library.domain.notifications import Notification
from euterpe_library.storage.notifications import DigestRepository

log = structlog.get_logger(__name__)

#: Notifications in a message; further ones are in the next.
_MAX_ITEMS: Final = 50
#: When a digest that could not be sent is due again.
_RETRY: Final = timedelta(minutes=15)
_NAMESPACE: Final = uuid.UUID("5d1f2c2e-6a43-4f0f-9d0e-2f7f5f0a7c11")


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """A rendered digest for a user. `message_id` depends on its notifications only."""

    user_id: str
    message_id: str
    subject: str
    text: str


class DigestSender(Protocol):
    """Sends a digest to the verified e-mail address of its user."""

    async def send(self, message: DigestMessage) -> None:
        """Send the message, or drop it if the user has no verified address. Raises Unavailable to have it repeated."""
        ...


class Digests:
    """Sends the digests that are due. `site_url` is the address of the pages, without a slash at the end."""

    def __init__(self, database: Database, sender: DigestSender, *, site_url: str) -> None:
        self._database = database
        self._sender = sender
        self._site_url = site_url

    async def send_due(self) -> None:
        """Send until no digest is due."""
        while await self._send_one():
            pass

    async def _send_one(self) -> bool:
        now = datetime.now(UTC)
        async with self._database.sessions.begin() as session:
            digests = DigestRepository(session)
            claimed = await digests.claim_due(now, now + _RETRY)
            if claimed is None:
                return False
            user_id, frequency, language = claimed
            items = await digests.pending(user_id, _MAX_ITEMS)
        if items:
            await self._sender.send(self._rendered(user_id, items, language))
            log.info("digest_sent", user_id=user_id, notifications=len(items))
        async with self._database.sessions.begin() as session:
            await DigestRepository(session).sent(user_id, [item.id for item in items], now + frequency.interval)
        return True

    def _rendered(self, user_id: str, items: Sequence[Notification], language: str) -> DigestMessage:
        message_id = uuid.uuid5(_NAMESPACE, ",".join(str(item.id) for item in items))
        text = digest_text(items, language, self._site_url)
        return DigestMessage(user_id, str(message_id), digest_subject(items, language), text)
