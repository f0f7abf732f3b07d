"""Login, refresh and logout over HTTP."""

from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Form, Response

from euterpe_auth.dependencies import UseCasesDep
from euterpe_auth.routes.schemas import PasswordForm, RefreshBody, TokenAnswer, token_answer

router = APIRouter(prefix="/api/v1/auth", tags=["sessions"])

_NO_STORE = "no-store"


@router.post("/token", summary="Log in", responses=problem_responses(401, 413, 503))
async def create_token(
    form: Annotated[PasswordForm, Form()], response: Response, use_cases: UseCasesDep
) -> TokenAnswer:
    """Begins a session (OAuth 2.0 password grant)."""
    response.headers["Cache-Control"] = _NO_STORE
    return token_answer(await use_cases.sessions.log_in(form.username, form.password.get_secret_value()))


@router.post("/refresh", summary="Refresh", responses=problem_responses(401, 413, 503))
async def refresh_token(body: RefreshBody, response: Response, use_cases: UseCasesDep) -> TokenAnswer:
    """Exchanges a refresh token for new tokens, once; presenting a used one again ends its session.

    An answer that got lost may be asked for again within ten seconds, and holds the same refresh token.
    """
    response.headers["Cache-Control"] = _NO_STORE
    return token_answer(await use_cases.sessions.refresh(body.refresh_token.get_secret_value()))


@router.post("/logout", status_code=204, summary="Log out", responses=problem_responses(413, 503))
async def log_out(body: RefreshBody, use_cases: UseCasesDep) -> None:
    """Ends the session of a refresh token. A token that is not valid (any more) is no error."""
    await use_cases.sessions.log_out(body.refresh_token.get_secret_value())
