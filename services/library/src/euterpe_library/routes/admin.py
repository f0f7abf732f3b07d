"""`/internal/admin`: reported comments and objects without a song, for operators."""

import uuid
from datetime import datetime
from typing import Annotated

from euterpe_service_kit.admin import admin_router
from fastapi import Query, Request
from pydantic import BaseModel

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


class OrphanView(BaseModel):
    """Objects that wait to be removed."""

    objects: int
    oldest: datetime | None


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
    await request.app.state.moderation.dismiss(comment_id)


@router.get("/orphans")
async def count_orphans(request: Request) -> OrphanView:
    """Count the objects that wait to be removed."""
    return OrphanView.model_validate(await request.app.state.moderation.orphans(), from_attributes=True)
