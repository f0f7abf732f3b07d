"""`/api/v1/library/notifications`: what happened around the user's songs and comments."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from euterpe_service_kit.database import ReadSessionDep, SessionDep
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser, RegisteredUser
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field

from euterpe_library.domain.notifications import Channels, Frequency, Kind, Notification, NotificationSettings
from euterpe_library.routes.profile_schemas import PICTURE_FIELD, picture_url
from euterpe_library.routes.queries import PageQuery
from euterpe_library.services import notifications
from euterpe_library.services.notifications import NotificationStream

router = APIRouter(prefix="/api/v1/library", tags=["notifications"], responses=problem_responses(401, 403, 422, 503))

_ID = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
NotificationId = Annotated[uuid.UUID, Path(description="The notification's id.", examples=[_ID])]


class ActorAnswer(BaseModel):
    """The user who caused a notification."""

    id: str = Field(examples=["0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"])
    name: str = Field(examples=["Clara Schumann"], description="The display name, or else the account's name.")
    username: str = Field(examples=["clara"])
    picture_url: str | None = Field(**PICTURE_FIELD)


class NotificationAnswer(BaseModel):
    """Something that happened. `id` is the same in all channels: page, e-mail and webhooks."""

    id: uuid.UUID = Field(examples=[_ID])
    kind: Kind = Field(
        description=(
            "`like`, `comment`, `reply`, `mention`, `follow`, `remix`; `generation`: a long generation is finished; "
            "`report`: your report was decided; `moderation`: a moderator decided about a comment of yours."
        )
    )
    actor: ActorAnswer | None
    song_id: uuid.UUID | None
    song_title: str | None = Field(description="Null if you may no longer read the song.", examples=["Nocturne"])
    comment_id: uuid.UUID | None
    text: str = Field(
        description=(
            "The beginning of the comment. For `report`, `kept` or `hidden`; for `moderation`, `hidden` or `banned`."
        ),
        examples=["What a lovely ending!"],
    )
    comment_text: str | None = Field(
        default=None, description="For `moderation`, the beginning of your comment.", examples=["Buy now"]
    )
    reason: str | None = Field(
        default=None, description="For `moderation`, the moderator's reason.", examples=["Adverts"]
    )
    banned_until: datetime | None = Field(
        default=None, description="For `moderation`, the end of your ban; null if there is none, or no end."
    )
    created_at: datetime
    read: bool

    @classmethod
    def of(cls, item: Notification) -> "NotificationAnswer":
        """Convert a notification."""
        actor = None
        if item.actor_id is not None:
            picture = picture_url(item.actor_id, item.actor_picture_key)
            actor = ActorAnswer(id=item.actor_id, name=item.actor, username=item.actor_name, picture_url=picture)
        return cls(
            id=item.id,
            kind=item.kind,
            actor=actor,
            song_id=item.song_id if item.song_title is not None else None,
            song_title=item.song_title,
            comment_id=item.comment_id,
            text=item.text,
            comment_text=item.comment_text,
            reason=item.reason,
            banned_until=item.banned_until,
            created_at=item.created_at,
            read=item.read_at is not None,
        )


class NotificationPage(BaseModel):
    """A page of notifications, newest first."""

    items: list[NotificationAnswer]
    unread_count: int = Field(examples=[3], description="Number of unread notifications; 100 means 100 or more.")
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page; null on the last one.", examples=["WyJuZXdlc3QiLDE3Nl0"]
    )


class NotificationUpdate(BaseModel):
    """The data of an event of the stream."""

    unread_count: int = Field(examples=[3])
    latest: NotificationAnswer | None = Field(description="The newest unread notification, sent once per stream.")


class NotificationQuery(PageQuery):
    """Page of notifications."""

    unread: bool = Field(default=False, description="Only unread notifications.")


class ReadUntil(BaseModel):
    """Which notifications to mark as read."""

    model_config = ConfigDict(extra="forbid")

    until: uuid.UUID | None = Field(
        default=None, description="The newest notification that was seen; null: all.", examples=[_ID]
    )


class ChannelSettings(BaseModel):
    """Where you are notified of a kind of event."""

    model_config = ConfigDict(extra="forbid")

    page: bool = Field(default=True, strict=True, description="In the page: the bell and the list.")
    email: bool = Field(default=True, strict=True, description="In the digest by e-mail, if you get one.")


class NotificationSettingsBody(BaseModel):
    """Settings of notifications. Kinds that are left out are notified everywhere."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"digest": "weekly", "language": "en", "kinds": {"like": {"email": False}}}]},
    )

    digest: Frequency = Field(default=Frequency.OFF, description="How often to send a digest by e-mail.")
    language: Literal["en", "es"] = Field(default="en", description="Language of the digest.")
    kinds: dict[Kind, ChannelSettings] = Field(default_factory=dict)

    @classmethod
    def of(cls, settings: NotificationSettings) -> "NotificationSettingsBody":
        """Convert settings."""
        kinds = {kind: ChannelSettings(page=each.page, email=each.email) for kind, each in settings.kinds.items()}
        return cls.model_validate({"digest": settings.digest, "language": settings.language, "kinds": kinds})

    def settings(self) -> NotificationSettings:
        """Return the settings of all kinds."""
        given = {kind: Channels(each.page, each.email) for kind, each in self.kinds.items()}
        return NotificationSettings({kind: given.get(kind, Channels()) for kind in Kind}, self.digest, self.language)


@router.get("/notifications", summary="List notifications")
async def list_notifications(
    session: ReadSessionDep, user: CurrentUser, query: Annotated[NotificationQuery, Query()]
) -> NotificationPage:
    """Notifications of the last 180 days, newest first."""
    page, unread = await notifications.page(
        session, user.id, limit=query.limit, after=query.after, unread_only=query.unread
    )
    cursor = page.next.cursor() if page.next else None
    items = [NotificationAnswer.of(item) for item in page.items]
    return NotificationPage(items=items, unread_count=unread, next_cursor=cursor)


async def get_stream(request: Request) -> NotificationStream:
    """Return the stream of the app."""
    stream: NotificationStream = request.app.state.notification_stream
    return stream


StreamDep = Annotated[NotificationStream, Depends(get_stream)]


async def occupy_stream(stream: StreamDep, user: CurrentUser) -> AsyncIterator[None]:
    """Count a stream of the user until the response has ended. Raises TooManyNotificationStreams."""
    with stream.occupy(user.id):
        yield


@router.get(
    "/notifications/events",
    summary="Follow notifications",
    response_class=EventSourceResponse,
    dependencies=[Depends(occupy_stream)],
    responses=problem_responses(429),
)
async def follow_notifications(
    stream: StreamDep,
    user: CurrentUser,
    last_event_id: Annotated[
        str | None, Header(description="The id of the last received event, to resume after it.", examples=[_ID])
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream server-sent events named `notifications`: at once and after every change, `unread_count` and `latest`, the
    newest unread notification, or null if it was sent before. The stream ends after nine minutes; open another one.
    """
    last_id = _uuid(last_event_id)
    async for update in stream.follow(user.id, last_id):
        latest = None if update.latest is None else NotificationAnswer.of(update.latest)
        last_id = latest.id if latest else last_id
        view = NotificationUpdate(unread_count=update.unread_count, latest=latest)
        event_id = None if last_id is None else str(last_id)
        yield ServerSentEvent(event="notifications", id=event_id, data=view.model_dump(mode="json"))


@router.put("/notifications/read", summary="Mark all notifications as read", status_code=204)
async def read_all_notifications(session: SessionDep, user: CurrentUser, body: ReadUntil) -> None:
    """Marks all notifications as read, or those up to `until`."""
    await notifications.read_all(session, user.id, body.until)


@router.put(
    "/notifications/{notification_id}/read",
    summary="Mark a notification as read",
    status_code=204,
    responses=problem_responses(404),
)
async def read_notification(session: SessionDep, user: CurrentUser, notification_id: NotificationId) -> None:
    """Marks the notification as read. Idempotent."""
    await notifications.set_read(session, user.id, notification_id, read=True)


@router.delete(
    "/notifications/{notification_id}/read",
    summary="Mark a notification as unread",
    status_code=204,
    responses=problem_responses(404),
)
async def unread_notification(session: SessionDep, user: CurrentUser, notification_id: NotificationId) -> None:
    """Marks the notification as unread. Idempotent."""
    await notifications.set_read(session, user.id, notification_id, read=False)


@router.get("/notification-settings", summary="Get the settings of notifications")
async def get_notification_settings(session: ReadSessionDep, user: RegisteredUser) -> NotificationSettingsBody:
    """Your settings, with every kind of event."""
    return NotificationSettingsBody.of(await notifications.settings(session, user.id))


@router.put("/notification-settings", summary="Set the settings of notifications")
async def put_notification_settings(
    session: SessionDep, user: RegisteredUser, body: NotificationSettingsBody
) -> NotificationSettingsBody:
    """Replaces your settings. They apply to what happens from now on."""
    return NotificationSettingsBody.of(await notifications.put_settings(session, user.id, body.settings()))


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return None if text is None else uuid.UUID(text)
    except ValueError:
        return None
