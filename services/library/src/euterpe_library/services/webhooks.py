"""Webhooks: set up by users, and fed from the notifications at least once."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from euterpe_service_kit.database import Database

from euterpe_library.clients.webhooks import WebhookClient
from euterpe_library.domain.notifications import Notification
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.webhooks import (
    MAX_WEBHOOKS,
    PING,
    Attempt,
    Delivery,
    DeliveryState,
    Webhook,
    new_secret,
    written_secret,
)
from euterpe_library.errors import DeliveryNotFound, TooMany, WebhookNotFound
from euterpe_library.storage.webhooks import DeliveryRepository, WebhookRepository

log = structlog.get_logger(__name__)

#: Interval at which new notifications and due deliveries are looked for.
TURN_SECONDS: Final = 2.0
_BATCH: Final = 100
_CONCURRENT: Final = 20
#: Longer than an attempt lasts; then another process repeats it.
_LEASE: Final = timedelta(seconds=60)


class Webhooks:
    """Use cases of webhooks, and the loop that delivers."""

    def __init__(self, database: Database, client: WebhookClient) -> None:
        self._database = database
        self._client = client

    async def add(self, owner_id: str, url: str, kinds: Sequence[str]) -> tuple[Webhook, str]:
        """Add a webhook; return it with its secret. Raises WebhookAddressRefused, TooMany."""
        await self._client.check(url)
        secret = new_secret()
        async with self._database.sessions.begin() as session:
            webhooks = WebhookRepository(session)
            if len(await webhooks.of_user(owner_id)) >= MAX_WEBHOOKS:
                raise TooMany("webhooks", MAX_WEBHOOKS)
            return await webhooks.add(owner_id, url, secret, kinds), written_secret(secret)

    async def of_user(self, owner_id: str) -> list[Webhook]:
        """Return a user's webhooks."""
        async with self._database.readers() as session:
            return await WebhookRepository(session).of_user(owner_id)

    async def remove(self, owner_id: str, webhook_id: uuid.UUID) -> None:
        """Remove a webhook with its deliveries. Raises WebhookNotFound."""
        async with self._database.sessions.begin() as session:
            if not await WebhookRepository(session).remove(owner_id, webhook_id):
                raise WebhookNotFound

    async def set_kinds(self, owner_id: str, webhook_id: uuid.UUID, kinds: Sequence[str]) -> Webhook:
        """Set the kinds of events that a webhook receives. Raises WebhookNotFound."""
        async with self._database.sessions.begin() as session:
            webhooks = WebhookRepository(session)
            if not await webhooks.set_kinds(owner_id, webhook_id, kinds):
                raise WebhookNotFound
            return next(each for each in await webhooks.of_user(owner_id) if each.id == webhook_id)

    async def test(self, owner_id: str, webhook_id: uuid.UUID) -> None:
        """Queue an event that tests a webhook. Raises WebhookNotFound."""
        async with self._database.sessions.begin() as session:
            await self._require(WebhookRepository(session), owner_id, webhook_id)
            event_id = uuid.uuid4()
            payload = _payload(event_id, PING, datetime.now(UTC), {})
            await DeliveryRepository(session).add(webhook_id, event_id, PING, payload)

    async def deliveries(
        self,
        owner_id: str,
        webhook_id: uuid.UUID,
        *,
        state: DeliveryState | None,
        limit: int,
        after: Position | None,
    ) -> Page[Delivery]:
        """Return the deliveries of a webhook, newest first. Raises WebhookNotFound."""
        async with self._database.readers() as session:
            await self._require(WebhookRepository(session), owner_id, webhook_id)
            return await DeliveryRepository(session).page(webhook_id, state=state, limit=limit, after=after)

    async def retry(self, owner_id: str, webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> None:
        """Begin a delivery again. Raises WebhookNotFound, DeliveryNotFound."""
        async with self._database.sessions.begin() as session:
            await self._require(WebhookRepository(session), owner_id, webhook_id)
            if not await DeliveryRepository(session).retry(webhook_id, delivery_id):
                raise DeliveryNotFound

    async def retry_dead(self, owner_id: str, webhook_id: uuid.UUID) -> None:
        """Begin all dead deliveries of a webhook again. Raises WebhookNotFound."""
        async with self._database.sessions.begin() as session:
            await self._require(WebhookRepository(session), owner_id, webhook_id)
            await DeliveryRepository(session).retry_dead(webhook_id)

    async def turn(self) -> None:
        """Queue deliveries for new notifications, and attempt those that are due."""
        while await self._dispatch() >= _BATCH:
            pass
        while await self._deliver() >= _CONCURRENT:
            pass

    async def _dispatch(self) -> int:
        async with self._database.sessions.begin() as session:
            deliveries = DeliveryRepository(session)
            taken, found = await deliveries.undispatched(_BATCH)
            for webhook_id, item in found:
                payload = _payload(item.id, item.kind.value, item.created_at, _data(item))
                await deliveries.add(webhook_id, item.id, item.kind.value, payload)
        return taken

    async def _deliver(self) -> int:
        async with self._database.sessions.begin() as session:
            attempts = await DeliveryRepository(session).claim(_CONCURRENT, _LEASE)
        await asyncio.gather(*map(self._attempt, attempts))
        return len(attempts)

    async def _attempt(self, attempt: Attempt) -> None:
        outcome = await self._client.send(attempt)
        async with self._database.sessions.begin() as session:
            await DeliveryRepository(session).record(attempt, outcome)
        if not outcome.is_delivered:
            log.info("webhook_failed", delivery_id=str(attempt.id), attempt=attempt.number, error=outcome.error)

    @staticmethod
    async def _require(webhooks: WebhookRepository, owner_id: str, webhook_id: uuid.UUID) -> None:
        if not await webhooks.has(owner_id, webhook_id):
            raise WebhookNotFound


def _data(item: Notification) -> dict[str, Any]:
    is_readable = item.song_title is not None
    actor = None if item.actor_id is None else {"id": item.actor_id, "name": item.actor, "username": item.actor_name}
    return {
        "actor": actor,
        "song_id": str(item.song_id) if item.song_id and is_readable else None,
        "song_title": item.song_title,
        "comment_id": str(item.comment_id) if item.comment_id else None,
        "text": item.text,
        "comment_text": item.comment_text,
        "reason": item.reason,
        "banned_until": item.banned_until and item.banned_until.isoformat(),
    }


def _payload(event_id: uuid.UUID, kind: str, at: datetime, data: dict[str, Any]) -> str:
    event = {"id": str(event_id), "type": kind, "timestamp": at.isoformat(), "data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
