"""`/api/v1/library/webhooks`: addresses of API clients that receive the events of the user."""

import uuid
from datetime import datetime
from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import RegisteredUser
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from euterpe_library.domain.notifications import Kind
from euterpe_library.domain.webhooks import MAX_ATTEMPTS, MAX_URL_LENGTH, DeliveryState
from euterpe_library.routes.queries import PageQuery
from euterpe_library.services.webhooks import Webhooks

router = APIRouter(
    prefix="/api/v1/library/webhooks", tags=["webhooks"], responses=problem_responses(401, 403, 422, 503)
)

_ID = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
WebhookId = Annotated[uuid.UUID, Path(description="The webhook's id.", examples=[_ID])]
DeliveryId = Annotated[uuid.UUID, Path(description="The delivery's id.", examples=[_ID])]
Url = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_URL_LENGTH, pattern=r"^[\x21-\x7e]+$")]


Kinds = Annotated[list[Kind], Field(min_length=1, examples=[["comment", "generation"]])]


class NewWebhook(BaseModel):
    """A webhook to add."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/euterpe", "kinds": ["comment", "generation"]}]},
    )

    url: Url = Field(
        description="An https:// address whose host has public addresses only. Redirects are not followed."
    )
    kinds: Kinds = Field(default=list(Kind), description="Kinds of events. Default: all.")


class WebhookChanges(BaseModel):
    """Changes of a webhook."""

    model_config = ConfigDict(extra="forbid")

    kinds: Kinds = Field(description="Kinds of events from now on.")


class WebhookAnswer(BaseModel):
    """A webhook."""

    id: uuid.UUID = Field(examples=[_ID])
    url: str = Field(examples=["https://example.org/euterpe"])
    kinds: list[str] = Field(examples=[["comment", "generation"]])
    dead: int = Field(examples=[0], description="Number of deliveries of which all attempts have failed.")
    status_code: int | None = Field(
        examples=[503], description="Status of the receiver's answer to the newest failed attempt."
    )
    error: str = Field(
        examples=["the receiver answered 503"],
        description="Error of the newest event that was not delivered; empty without one.",
    )
    created_at: datetime


class NewWebhookAnswer(WebhookAnswer):
    """A new webhook with its secret, which is in this response only."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class WebhookList(BaseModel):
    """Your webhooks, oldest first."""

    items: list[WebhookAnswer]


class DeliveryAnswer(BaseModel):
    """An event for a webhook."""

    id: uuid.UUID = Field(examples=[_ID])
    event_id: uuid.UUID = Field(examples=[_ID], description="The notification's id, and the header `webhook-id`.")
    kind: str = Field(examples=["comment"])
    state: DeliveryState
    attempts: int = Field(examples=[1], description=f"Attempts so far; after {MAX_ATTEMPTS}, the delivery is dead.")
    next_at: datetime = Field(description="When the next attempt of a pending delivery is due.")
    status_code: int | None = Field(examples=[503], description="Status of the receiver's latest answer.")
    error: str = Field(examples=["the receiver answered 503"])
    created_at: datetime
    ended_at: datetime | None


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first."""

    items: list[DeliveryAnswer]
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page; null on the last one.", examples=["WyJuZXdlc3QiLDE3Nl0"]
    )


class DeliveryQuery(PageQuery):
    """Page of deliveries."""

    state: DeliveryState | None = Field(default=None, description="Only deliveries in this state.")


def get_webhooks(request: Request) -> Webhooks:
    """Return the use cases of webhooks."""
    webhooks: Webhooks = request.app.state.webhooks
    return webhooks


WebhooksDep = Annotated[Webhooks, Depends(get_webhooks)]


@router.post("", summary="Add a webhook", status_code=201, responses=problem_responses(409))
async def add_webhook(webhooks: WebhooksDep, user: RegisteredUser, new: NewWebhook) -> NewWebhookAnswer:
    """Events of your notifications are sent to the address by POST, at least once, as JSON with `id`, `type`,
    `timestamp` and `data`. They are signed as in Standard Webhooks (`webhook-id`, `webhook-timestamp`,
    `webhook-signature`). An answer other than 2xx is repeated for two days; then the delivery is dead.
    """
    added, secret = await webhooks.add(user.id, new.url, _distinct(new.kinds))
    answer = WebhookAnswer.model_validate(added, from_attributes=True)
    return NewWebhookAnswer(**answer.model_dump(), secret=secret)


@router.get("", summary="List webhooks")
async def list_webhooks(webhooks: WebhooksDep, user: RegisteredUser) -> WebhookList:
    """Your webhooks, without their secrets."""
    found = await webhooks.of_user(user.id)
    return WebhookList(items=[WebhookAnswer.model_validate(each, from_attributes=True) for each in found])


@router.patch("/{webhook_id}", summary="Change a webhook", responses=problem_responses(404))
async def change_webhook(
    webhooks: WebhooksDep, user: RegisteredUser, webhook_id: WebhookId, changes: WebhookChanges
) -> WebhookAnswer:
    """Sets the kinds of events. Deliveries that exist already are not changed."""
    changed = await webhooks.set_kinds(user.id, webhook_id, _distinct(changes.kinds))
    return WebhookAnswer.model_validate(changed, from_attributes=True)


@router.delete("/{webhook_id}", summary="Remove a webhook", status_code=204, responses=problem_responses(404))
async def remove_webhook(webhooks: WebhooksDep, user: RegisteredUser, webhook_id: WebhookId) -> None:
    """Removes the webhook with its deliveries."""
    await webhooks.remove(user.id, webhook_id)


@router.post("/{webhook_id}/test", summary="Test a webhook", status_code=202, responses=problem_responses(404))
async def test_webhook(webhooks: WebhooksDep, user: RegisteredUser, webhook_id: WebhookId) -> None:
    """Sends an event of the type `ping`. Its delivery is listed like those of other events."""
    await webhooks.test(user.id, webhook_id)


@router.post(
    "/{webhook_id}/retry", summary="Repeat all dead deliveries", status_code=202, responses=problem_responses(404)
)
async def retry_dead_deliveries(webhooks: WebhooksDep, user: RegisteredUser, webhook_id: WebhookId) -> None:
    """Sends the events of all dead deliveries again, with all attempts."""
    await webhooks.retry_dead(user.id, webhook_id)


@router.get("/{webhook_id}/deliveries", summary="List deliveries", responses=problem_responses(404))
async def list_deliveries(
    webhooks: WebhooksDep, user: RegisteredUser, webhook_id: WebhookId, query: Annotated[DeliveryQuery, Query()]
) -> DeliveryPage:
    """Events for the webhook of the last 30 days, newest first; with `state=dead`, those that were not delivered."""
    page = await webhooks.deliveries(user.id, webhook_id, state=query.state, limit=query.limit, after=query.after)
    cursor = page.next.cursor() if page.next else None
    items = [DeliveryAnswer.model_validate(each, from_attributes=True) for each in page.items]
    return DeliveryPage(items=items, next_cursor=cursor)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/retry",
    summary="Repeat a delivery",
    status_code=202,
    responses=problem_responses(404),
)
async def retry_delivery(
    webhooks: WebhooksDep, user: RegisteredUser, webhook_id: WebhookId, delivery_id: DeliveryId
) -> None:
    """Sends the event again, with all attempts, whatever the state of the delivery."""
    await webhooks.retry(user.id, webhook_id, delivery_id)


def _distinct(kinds: list[Kind]) -> list[str]:
    return [kind.value for kind in dict.fromkeys(kinds)]
