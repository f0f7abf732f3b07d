"""`/api/v1/library/moderation`: the queue of reported comments, bans and the log, for moderators."""

import uuid
from datetime import datetime
from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import RegisteredUser
from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from euterpe_library.domain.moderation import MAX_BAN_DAYS, MAX_REASON_LENGTH, Decision, Moderator, Verdict
from euterpe_library.domain.titles import without_controls
from euterpe_library.routes.queries import PageQuery
from euterpe_library.routes.social import AuthorId, CommentId
from euterpe_library.services.moderation import Moderation

router = APIRouter(
    prefix="/api/v1/library/moderation", tags=["moderation"], responses=problem_responses(401, 403, 422, 503)
)

_ID = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
_USER_ID = "0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"
_LIMIT = Query(ge=1, le=200, description="Number of entries.")

ReasonText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_REASON_LENGTH),
    AfterValidator(without_controls),
]


def get_moderation(request: Request) -> Moderation:
    """Return the use cases of moderators."""
    moderation: Moderation = request.app.state.moderation
    return moderation


ModerationDep = Annotated[Moderation, Depends(get_moderation)]


async def require_moderator(moderation: ModerationDep, user: RegisteredUser) -> Moderator:
    """Return the user as a moderator. Raises NotAModerator."""
    return await moderation.require_moderator(user)


ModeratorDep = Annotated[Moderator, Depends(require_moderator)]


class ReportedCommentAnswer(BaseModel):
    """A reported comment."""

    comment_id: uuid.UUID = Field(examples=[_ID])
    song_id: uuid.UUID = Field(examples=[_ID])
    song_title: str = Field(examples=["Nocturne"])
    author_id: str = Field(examples=[_USER_ID])
    author: str = Field(examples=["robert"])
    text: str = Field(examples=["Buy now"])
    reports: int = Field(examples=[2], description="Number of users who reported it.")
    reasons: list[str] = Field(examples=[["spam"]])
    notes: list[str] = Field(examples=[["An advert."]])
    first_reported_at: datetime


class ReportedComments(BaseModel):
    """Reported comments, those with the most reports first."""

    items: list[ReportedCommentAnswer]


class DecisionBody(BaseModel):
    """A decision about the reports of a comment."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": "ban", "reason": "Advertising", "ban_days": 30}]}
    )

    decision: Decision = Field(
        description=(
            "`dismiss` keeps the comment; `hide` hides it from everyone but moderators; `ban` hides it and bans its "
            "author from publishing, commenting, liking, following and reporting."
        )
    )
    reason: ReasonText = Field(default="", description="For the log. A banned user reads it, too.")
    ban_days: int | None = Field(
        default=None, ge=1, le=MAX_BAN_DAYS, strict=True, description="Days of a ban; null: permanent."
    )


class BanAnswer(BaseModel):
    """A banned user."""

    user_id: str = Field(examples=[_USER_ID])
    name: str = Field(examples=["robert"])
    reason: str = Field(examples=["Advertising"])
    until: datetime | None = Field(description="Null for a permanent ban.")
    created_at: datetime


class Bans(BaseModel):
    """Bans that have not ended, the latest first."""

    items: list[BanAnswer]


class LogEntryAnswer(BaseModel):
    """What a moderator or an operator decided."""

    id: uuid.UUID = Field(examples=[_ID])
    moderator: str = Field(examples=["clara"])
    action: str = Field(examples=["hidden"])
    user_id: str | None = Field(examples=[_USER_ID])
    user_name: str = Field(examples=["robert"])
    song_id: uuid.UUID | None
    comment_id: uuid.UUID | None
    text: str = Field(examples=["Buy now"])
    reason: str = Field(examples=["Advertising"])
    created_at: datetime


class LogPage(BaseModel):
    """A page of the log, newest first."""

    items: list[LogEntryAnswer]
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page; null on the last one.", examples=["WyJuZXdlc3QiLDE3Nl0"]
    )


@router.get("/reports", summary="List reported comments")
async def list_reported_comments(
    moderation: ModerationDep, _: ModeratorDep, limit: Annotated[int, _LIMIT] = 50
) -> ReportedComments:
    """Comments with open reports, those with the most reports first."""
    found = await moderation.reported(limit)
    return ReportedComments(items=[ReportedCommentAnswer.model_validate(each, from_attributes=True) for each in found])


@router.post(
    "/comments/{comment_id}/decision",
    summary="Decide the reports of a comment",
    status_code=204,
    responses=problem_responses(404),
)
async def decide_reports(
    moderation: ModerationDep, moderator: ModeratorDep, comment_id: CommentId, body: DecisionBody
) -> None:
    """Closes the reports of the comment, and notifies its author and those who reported it."""
    await moderation.decide(moderator, comment_id, Verdict(body.decision, body.reason, body.ban_days))


@router.get("/bans", summary="List banned users")
async def list_bans(moderation: ModerationDep, _: ModeratorDep, limit: Annotated[int, _LIMIT] = 50) -> Bans:
    """Bans that have not ended, the latest first."""
    found = await moderation.bans(limit)
    return Bans(items=[BanAnswer.model_validate(each, from_attributes=True) for each in found])


@router.delete("/bans/{author_id}", summary="End a ban", status_code=204, responses=problem_responses(404))
async def end_ban(moderation: ModerationDep, moderator: ModeratorDep, author_id: AuthorId) -> None:
    """Ends the ban of the user."""
    await moderation.unban(moderator, author_id)


@router.get("/log", summary="List decisions of moderators")
async def list_moderation_log(
    moderation: ModerationDep, _: ModeratorDep, query: Annotated[PageQuery, Query()]
) -> LogPage:
    """Who decided what, newest first. Entries are never changed."""
    page = await moderation.entries(limit=query.limit, after=query.after)
    cursor = page.next.cursor() if page.next else None
    items = [LogEntryAnswer.model_validate(entry, from_attributes=True) for entry in page.items]
    return LogPage(items=items, next_cursor=cursor)
