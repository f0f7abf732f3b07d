"""`/internal/admin`: reported comments, moderators, bans and objects without a song, for operators."""

import uuid
from datetime import datetime
from typing import Annotated

from euterpe_service_kit.admin import admin_router
from fastapi import Query, Request
from pydantic import BaseModel, Field

from euterpe_library.domain.moderation import OPERATOR, Decision, Verdict
from euterpe_library.domain.quota import Storage
from euterpe_library.routes.moderation import BanAnswer, Bans, DecisionBody, LogEntryAnswer, LogPage
from euterpe_library.services import quotas

router = admin_router()


class ReportView(BaseModel):
    """A reported comment."""

    comment_id: uuid.UUID
    song_id: uuid.UUID
    author_id: str
    author: str
    text: str
    reports: int
    reasons: list[str]
    notes: list[str]
    first_reported_at: datetime


class ReportList(BaseModel):
    """Reported comments, those with the most reports first."""

    items: list[ReportView]


class ModeratorView(BaseModel):
    """A moderator."""

    id: str
    name: str


class ModeratorList(BaseModel):
    """The moderators by name."""

    items: list[ModeratorView]


class ModeratorName(BaseModel):
    """The account's name of a new moderator."""

    name: str


class OrphanView(BaseModel):
    """Objects that wait to be removed."""

    objects: int
    oldest: datetime | None


class QuotaView(BaseModel):
    """What a user stores and may store; `is_own` if an operator set the limits for this user."""

    songs: int
    max_songs: int
    size_bytes: int
    max_size_bytes: int
    is_own: bool


class QuotaBody(BaseModel):
    """The quota of a user."""

    max_songs: int = Field(ge=0, le=10_000_000)
    max_size_bytes: int = Field(ge=0, le=2**50)


@router.get("/users/{user_id}/quota")
async def get_quota(request: Request, user_id: str, guest: bool = False) -> QuotaView:
    """Return what a user stores and may store. `guest` tells which limits apply without own ones."""
    async with request.app.state.database.sessions() as session:
        found = await quotas.usage(session, request.app.state.quotas, user_id, is_guest=guest)
        is_own = await quotas.has_own_limit(session, user_id)
    return QuotaView(
        songs=found.used.songs,
        max_songs=found.limit.songs,
        size_bytes=found.used.size_bytes,
        max_size_bytes=found.limit.size_bytes,
        is_own=is_own,
    )


@router.put("/users/{user_id}/quota", status_code=204)
async def set_quota(request: Request, user_id: str, body: QuotaBody) -> None:
    """Set the quota of a user, in place of that of all users. What is stored already is kept."""
    async with request.app.state.database.sessions.begin() as session:
        await quotas.set_limit(session, user_id, Storage(body.max_songs, body.max_size_bytes))


@router.delete("/users/{user_id}/quota", status_code=204)
async def remove_quota(request: Request, user_id: str) -> None:
    """Apply the quota of all users to a user again. Idempotent."""
    async with request.app.state.database.sessions.begin() as session:
        await quotas.set_limit(session, user_id, None)


@router.get("/reports")
async def list_reports(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> ReportList:
    """List reported comments."""
    found = await request.app.state.moderation.reported(limit)
    return ReportList(items=[ReportView.model_validate(each, from_attributes=True) for each in found])


@router.delete("/comments/{comment_id}", status_code=204)
async def delete_comment(request: Request, comment_id: uuid.UUID) -> None:
    """Delete a comment with its reports."""
    await request.app.state.moderation.delete(comment_id)


@router.delete("/comments/{comment_id}/reports", status_code=204)
async def dismiss_reports(request: Request, comment_id: uuid.UUID) -> None:
    """Keep a comment and delete its reports."""
    await request.app.state.moderation.decide(OPERATOR, comment_id, Verdict(Decision.DISMISS))


@router.post("/comments/{comment_id}/decision", status_code=204)
async def decide_reports(request: Request, comment_id: uuid.UUID, body: DecisionBody) -> None:
    """Decide the reports of a comment as a moderator does."""
    verdict = Verdict(body.decision, body.reason, body.ban_days)
    await request.app.state.moderation.decide(OPERATOR, comment_id, verdict)


@router.get("/moderators")
async def list_moderators(request: Request) -> ModeratorList:
    """List the moderators."""
    found = await request.app.state.moderation.moderators()
    return ModeratorList(items=[ModeratorView.model_validate(each, from_attributes=True) for each in found])


@router.put("/moderators/{user_id}", status_code=204)
async def add_moderator(request: Request, user_id: str, body: ModeratorName) -> None:
    """Make a user a moderator."""
    await request.app.state.moderation.add_moderator(user_id, body.name)


@router.delete("/moderators/{user_id}", status_code=204)
async def remove_moderator(request: Request, user_id: str) -> None:
    """End a user's role as a moderator."""
    await request.app.state.moderation.remove_moderator(user_id)


@router.get("/bans")
async def list_bans(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> Bans:
    """List the bans that have not ended."""
    found = await request.app.state.moderation.bans(limit)
    return Bans(items=[BanAnswer.model_validate(each, from_attributes=True) for each in found])


@router.delete("/bans/{user_id}", status_code=204)
async def end_ban(request: Request, user_id: str) -> None:
    """End the ban of a user."""
    await request.app.state.moderation.unban(OPERATOR, user_id)


@router.get("/moderation-log")
async def list_log(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> LogPage:
    """List the latest decisions of moderators and operators."""
    page = await request.app.state.moderation.entries(limit=limit, after=None)
    return LogPage(items=[LogEntryAnswer.model_validate(entry, from_attributes=True) for entry in page.items])


@router.get("/orphans")
async def count_orphans(request: Request) -> OrphanView:
    """Count the objects that wait to be removed."""
    return OrphanView.model_validate(await request.app.state.moderation.orphans(), from_attributes=True)
