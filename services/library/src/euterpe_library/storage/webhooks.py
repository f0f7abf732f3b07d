"""Webhooks and deliveries."""

import uuid
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Sort
from euterpe_library.domain.notifications import Notification
from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.webhooks import (
    KEPT,
    MAX_ATTEMPTS,
    PAUSES,
    Attempt,
    Delivery,
    DeliveryState,
    Outcome,
    Webhook,
)
from euterpe_library.storage.community_models import NotificationRow
from euterpe_library.storage.notifications import select_notifications, to_notification
from euterpe_library.storage.webhook_models import WebhookDeliveryRow, WebhookRow

_DELIVERY = [getattr(WebhookDeliveryRow, field.name) for field in fields(Delivery)]
_DEAD = WebhookDeliveryRow.state == DeliveryState.DEAD.value
#: A delivery that begins again, with all its attempts.
_RENEWED = {"state": DeliveryState.PENDING.value, "attempts": 0, "next_at": func.now(), "ended_at": None}
_PENDING = WebhookDeliveryRow.state == DeliveryState.PENDING.value


def _own(owner_id: str, webhook_id: uuid.UUID) -> ColumnElement[bool]:
    return (WebhookRow.id == webhook_id) & (WebhookRow.owner_id == owner_id)


class WebhookRepository:
    """Webhooks of users, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, owner_id: str, url: str, secret: bytes, kinds: Sequence[str]) -> Webhook:
        """Add a webhook."""
        values = {"owner_id": owner_id, "url": url, "secret": secret, "kinds": list(kinds)}
        columns = (WebhookRow.id, WebhookRow.url, WebhookRow.kinds, WebhookRow.created_at)
        return Webhook(*(await self._session.execute(insert(WebhookRow).values(values).returning(*columns))).one())

    async def of_user(self, owner_id: str) -> list[Webhook]:
        """Return a user's webhooks, oldest first, with the number of their dead deliveries and the latest error."""
        row = WebhookDeliveryRow
        of_webhook = row.webhook_id == WebhookRow.id
        dead = select(func.count()).where(of_webhook, _DEAD).scalar_subquery()
        newest = select(row.status_code, row.error).where(of_webhook, row.state != DeliveryState.DELIVERED.value)
        failure = (
            newest.where(row.error != "").order_by(row.created_at.desc(), row.id.desc()).limit(1).lateral("failure")
        )
        error = func.coalesce(failure.c.error, "")
        columns = (WebhookRow.id, WebhookRow.url, WebhookRow.kinds, WebhookRow.created_at, dead)
        statement = select(*columns, failure.c.status_code, error).outerjoin(failure, true())
        statement = statement.where(WebhookRow.owner_id == owner_id).order_by(WebhookRow.id)
        return [Webhook(*found) for found in await self._session.execute(statement)]

    async def set_kinds(self, owner_id: str, webhook_id: uuid.UUID, kinds: Sequence[str]) -> bool:
        """Set the kinds of events that a webhook receives from now on; whether the user has it."""
        statement = update(WebhookRow).where(_own(owner_id, webhook_id)).values(kinds=list(kinds))
        return await self._session.scalar(statement.returning(WebhookRow.id)) is not None

    async def remove(self, owner_id: str, webhook_id: uuid.UUID) -> bool:
        """Remove a webhook with its deliveries; whether the user had it."""
        statement = delete(WebhookRow).where(_own(owner_id, webhook_id))
        return await self._session.scalar(statement.returning(WebhookRow.id)) is not None

    async def has(self, owner_id: str, webhook_id: uuid.UUID) -> bool:
        """Whether the user has the webhook."""
        return await self._session.scalar(select(WebhookRow.id).where(_own(owner_id, webhook_id))) is not None


class DeliveryRepository:
    """Deliveries, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def undispatched(self, limit: int) -> tuple[int, list[tuple[uuid.UUID, Notification]]]:
        """Take over notifications for webhooks; return their number, and pairs of webhook and notification."""
        row = NotificationRow
        chosen = select(row.id).where(row.dispatched_at.is_(None)).order_by(row.id).limit(limit)
        ids = list(await self._session.scalars(chosen.with_for_update(skip_locked=True)))
        if not ids:
            return 0, []
        await self._session.execute(update(row).where(row.id.in_(ids)).values(dispatched_at=func.now()))
        wanted = (WebhookRow.owner_id == row.recipient_id) & (row.kind == func.any(WebhookRow.kinds))
        statement = select_notifications(WebhookRow.id).join(WebhookRow, wanted).where(row.id.in_(ids))
        rows = await self._session.execute(statement)
        return len(ids), [(found[0], to_notification(found[1:])) for found in rows]

    async def add(self, webhook_id: uuid.UUID, event_id: uuid.UUID, kind: str, payload: str) -> None:
        """Add a delivery, once per webhook and event."""
        values = {"webhook_id": webhook_id, "event_id": event_id, "kind": kind, "payload": payload}
        await self._session.execute(insert(WebhookDeliveryRow).values(values).on_conflict_do_nothing())

    async def claim(self, limit: int, lease: timedelta) -> list[Attempt]:
        """Claim deliveries that are due. Without an outcome within the lease, they are attempted again."""
        row = WebhookDeliveryRow
        due = select(row.id).where(_PENDING, row.next_at <= func.now()).order_by(row.next_at).limit(limit)
        ids = list(await self._session.scalars(due.with_for_update(skip_locked=True)))
        if not ids:
            return []
        values = {"attempts": row.attempts + 1, "next_at": func.now() + lease}
        await self._session.execute(update(row).where(row.id.in_(ids)).values(values))
        columns = (row.id, row.event_id, row.attempts, WebhookRow.url, WebhookRow.secret, row.payload)
        statement = select(*columns).join(WebhookRow, WebhookRow.id == row.webhook_id).where(row.id.in_(ids))
        return [Attempt(*found) for found in await self._session.execute(statement)]

    async def record(self, attempt: Attempt, outcome: Outcome) -> None:
        """Record the outcome of an attempt, unless a later attempt has begun."""
        row = WebhookDeliveryRow
        values: dict[str, Any] = {"status_code": outcome.status_code, "error": outcome.error}
        if outcome.is_delivered:
            values |= {"state": DeliveryState.DELIVERED.value, "ended_at": func.now()}
        elif outcome.is_final or attempt.number >= MAX_ATTEMPTS:
            values |= {"state": DeliveryState.DEAD.value, "ended_at": func.now()}
        else:
            values["next_at"] = func.now() + PAUSES[attempt.number - 1]
        current = (row.id == attempt.id) & (row.attempts == attempt.number)
        await self._session.execute(update(row).where(current).values(values))

    async def page(
        self, webhook_id: uuid.UUID, *, state: DeliveryState | None, limit: int, after: Position | None
    ) -> Page[Delivery]:
        """Return the deliveries of a webhook, newest first."""
        row = WebhookDeliveryRow
        order = (row.created_at, row.id)
        statement = select(*_DELIVERY).where(row.webhook_id == webhook_id)
        if state is not None:
            statement = statement.where(row.state == state.value)
        if after is not None:
            statement = statement.where(tuple_(*order) < tuple_(after.value, after.id))
        statement = statement.order_by(*(column.desc() for column in order)).limit(limit + 1)
        found = tuple(Delivery(*each) for each in await self._session.execute(statement))
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], Position(Sort.NEWEST, last.created_at, last.id) if last else None)

    async def retry(self, webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> bool:
        """Begin a delivery again, with all its attempts; whether the webhook has it."""
        row = WebhookDeliveryRow
        own = (row.id == delivery_id) & (row.webhook_id == webhook_id)
        return await self._session.scalar(update(row).where(own).values(_RENEWED).returning(row.id)) is not None

    async def retry_dead(self, webhook_id: uuid.UUID) -> None:
        """Begin all dead deliveries of a webhook again."""
        own = (WebhookDeliveryRow.webhook_id == webhook_id) & _DEAD
        await self._session.execute(update(WebhookDeliveryRow).where(own).values(_RENEWED))

    async def delete_expired(self) -> None:
        """Delete deliveries that ended long ago."""
        old = WebhookDeliveryRow.created_at < func.now() - KEPT
        await self._session.execute(delete(WebhookDeliveryRow).where(old, ~_PENDING))
