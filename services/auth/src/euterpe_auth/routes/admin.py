"""`/internal/admin/users`: accounts, for operators."""

import uuid

from euterpe_service_kit.admin import admin_router
from pydantic import BaseModel

from euterpe_auth.dependencies import UseCasesDep
from euterpe_auth.routes.schemas import UtcTime

router = admin_router()


class AccountView(BaseModel):
    """An account as operators see it; guests have no name."""

    id: uuid.UUID
    username: str | None
    created_at: UtcTime
    suspended_at: UtcTime | None
    active_sessions: int
    api_keys: int
    second_factor: bool
    has_email: bool


class RemovedSecondFactor(BaseModel):
    """Whether the account had a second factor."""

    removed: bool


class EndedSessions(BaseModel):
    """How many sessions were ended."""

    sessions: int


@router.get("/users/{name_or_id}")
async def find_user(name_or_id: str, use_cases: UseCasesDep) -> AccountView:
    """Return an account by its name or id."""
    return AccountView.model_validate(await use_cases.administration.find(name_or_id), from_attributes=True)


@router.put("/users/{user_id}/suspension", status_code=204)
async def suspend_user(user_id: uuid.UUID, use_cases: UseCasesDep) -> None:
    """Suspend an account and end its sessions."""
    await use_cases.administration.suspend(user_id)


@router.delete("/users/{user_id}/suspension", status_code=204)
async def resume_user(user_id: uuid.UUID, use_cases: UseCasesDep) -> None:
    """End the suspension of an account."""
    await use_cases.administration.resume(user_id)


@router.delete("/users/{user_id}/sessions")
async def end_user_sessions(user_id: uuid.UUID, use_cases: UseCasesDep) -> EndedSessions:
    """End all sessions of an account."""
    return EndedSessions(sessions=await use_cases.administration.end_sessions(user_id))


@router.delete("/users/{user_id}/second-factor")
async def remove_user_second_factor(user_id: uuid.UUID, use_cases: UseCasesDep) -> RemovedSecondFactor:
    """Require no codes at logins of an account any more."""
    return RemovedSecondFactor(removed=await use_cases.administration.remove_second_factor(user_id))
