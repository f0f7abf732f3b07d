"""`/internal/admin/generations`: failed generations, for operators."""

import uuid
from datetime import datetime
from typing import Annotated

from euterpe_service_kit.admin import admin_router
from fastapi import Query, Request
from pydantic import BaseModel

router = admin_router()


class FailureView(BaseModel):
    """A failed generation and its cause."""

    id: uuid.UUID
    owner_id: str | None
    model: str
    model_version: str
    failure: str | None
    attempt: int
    crashes: int
    created_at: datetime
    finished_at: datetime | None


class FailureList(BaseModel):
    """The latest failures, newest first."""

    items: list[FailureView]


@router.get("/generations/failed")
async def list_failures(
    request: Request, model: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> FailureList:
    """List the latest failures, of one model or of all."""
    found = await request.app.state.failures.latest(model=model, limit=limit)
    return FailureList(items=[FailureView.model_validate(each, from_attributes=True) for each in found])


@router.post("/generations/{generation_id}/retry", status_code=202)
async def retry_generation(request: Request, generation_id: uuid.UUID) -> None:
    """Queue a failed generation again."""
    await request.app.state.failures.retry(generation_id)
