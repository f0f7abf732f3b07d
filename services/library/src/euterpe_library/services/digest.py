"""The digest: one mail with a user's unread notifications, daily or weekly, for those who want it.

Auth, which has the addresses, claims a digest, stores it as a mail and confirms it. Delivery is at least once: a digest
that was not confirmed is due again, with the same `message_id` unless its notifications have changed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.digest import MAX_NOTIFICATIONS, digest_subject, digest_text
from euterpe_library.storage.notifications import DigestRepository

#: When a digest that is not confirmed is due again.
_LEASE: Final = timedelta(minutes=15)
_NAMESPACE: Final = uuid.UUID("5d1f2c2e-6a43-4f0f-9d0e-2f7f5f0a7c11")


@dataclass(frozen=True, slots=True)
class Digest:
    """A rendered digest for a user. `message_id` depends on its notifications only."""

    user_id: str
    message_id: uuid.UUID
    subject: str
    text: str
    notification_ids: tuple[uuid.UUID, ...]


async def claim_digest(database: Database, site_url: str) -> Digest | None:
    """Claim the digest that is due longest; None if none is due.

    `site_url` is the address of the pages, without a slash at the end. Each user without a new notification is
    scheduled again in a transaction of its own, so that a call that ends early keeps its progress.
    """
    while True:
        now = datetime.now(UTC)
        async with database.sessions.begin() as session:
            digests = DigestRepository(session)
            claimed = await digests.claim_due(now, now + _LEASE)
            if claimed is None:
                return None
            user_id, language = claimed
            items = await digests.pending(user_id, MAX_NOTIFICATIONS)
            if not items:
                await digests.confirm(user_id, (), now)
                continue
        ids = tuple(item.id for item in items)
        message_id = uuid.uuid5(_NAMESPACE, ",".join(map(str, ids)))
        text = digest_text(items, language, site_url)
        return Digest(user_id, message_id, digest_subject(items, language), text, ids)


async def confirm_digest(session: AsyncSession, user_id: str, notification_ids: Sequence[uuid.UUID]) -> None:
    """Record a claimed digest as sent, and schedule the user's next one."""
    await DigestRepository(session).confirm(user_id, notification_ids, datetime.now(UTC))


async def stop_digest(session: AsyncSession, user_id: str) -> None:
    """Send a user no digests any more; notifications on the page and the choice of kinds remain. Idempotent."""
    await DigestRepository(session).stop(user_id)
