"""`/api/v1/auth/sessions`: the sessions of an account."""

import uuid

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter

from euterpe_auth.dependencies import AccountDep, OriginDep, UseCasesDep
from euterpe_auth.routes.answers import session_answer
from euterpe_auth.routes.schemas import SessionList

router = APIRouter(prefix="/api/v1/auth", tags=["sessions"])


@router.get("/sessions", summary="List sessions", responses=problem_responses(401, 403, 503))
async def list_sessions(user: AccountDep, use_cases: UseCasesDep) -> SessionList:
    """The active sessions, the one used last first."""
    rows = await use_cases.sessions.list(user.id)
    return SessionList(items=[session_answer(row, user.session_id) for row in rows])


@router.delete(
    "/sessions/{session_id}", status_code=204, summary="End a session", responses=problem_responses(401, 403, 404, 503)
)
async def revoke_session(session_id: uuid.UUID, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Ends a session. Its refresh token is revoked at once, and its access token is refused within five seconds."""
    await use_cases.sessions.revoke(user.id, session_id, origin)


@router.post(
    "/logout-everywhere", status_code=204, summary="Log out everywhere", responses=problem_responses(401, 403, 503)
)
async def log_out_everywhere(user: AccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Ends all sessions, including the current one. API keys remain valid."""
    await use_cases.sessions.revoke_all(user.id, origin)
