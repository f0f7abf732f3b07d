"""`/api/v1/auth/{token,guest,refresh,logout}`: login, guests, refresh and logout."""

from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Form, Request, Response

from euterpe_auth.dependencies import OriginDep, UseCasesDep
from euterpe_auth.errors import InvalidRefreshToken
from euterpe_auth.routes.cookies import (
    Delivery,
    RefreshCookie,
    clear_refresh_cookie,
    require_same_origin,
)
from euterpe_auth.routes.schemas import GuestBody, PasswordForm, RefreshBody, TokenAnswer
from euterpe_auth.routes.token_delivery import check_delivery, deliver

router = APIRouter(prefix="/api/v1/auth", tags=["sessions"])


@router.post(
    "/token",
    summary="Log in",
    response_model_exclude_none=True,
    responses=problem_responses(401, 403, 413, 429, 503),
)
async def create_token(
    form: Annotated[PasswordForm, Form()],
    request: Request,
    response: Response,
    use_cases: UseCasesDep,
    origin: OriginDep,
) -> TokenAnswer:
    """Creates a session (OAuth 2.0 password grant).

    If the account has a second factor, a login without `code` is answered with 401 and the type
    `second-factor-required`.
    """
    check_delivery(request, form.delivery)
    code = None if form.code is None else form.code.get_secret_value()
    pair = await use_cases.logins.log_in(form.username, form.password.get_secret_value(), origin, code=code)
    return deliver(request, response, pair, form.delivery)


@router.post(
    "/guest",
    summary="Create a guest",
    response_model_exclude_none=True,
    responses=problem_responses(403, 413, 429, 503),
)
async def create_guest(
    request: Request, response: Response, use_cases: UseCasesDep, origin: OriginDep, body: GuestBody | None = None
) -> TokenAnswer:
    """Creates a guest with a session, for use without an account.

    To keep a guest's songs, register with the guest's access token in the Authorization header, or log in and send the
    token to `POST /api/v1/auth/me/claims`. Otherwise they are deleted when the guest's session has expired.
    """
    delivery: Delivery = "body" if body is None else body.delivery
    check_delivery(request, delivery)
    return deliver(request, response, await use_cases.guests.create(origin), delivery)


@router.post(
    "/refresh",
    summary="Refresh tokens",
    response_model_exclude_none=True,
    responses=problem_responses(401, 403, 413, 503),
)
async def refresh_token(
    request: Request,
    response: Response,
    use_cases: UseCasesDep,
    origin: OriginDep,
    cookie: RefreshCookie,
    body: RefreshBody | None = None,
) -> TokenAnswer:
    """Exchanges a refresh token for new tokens. Each refresh token is valid once; reusing it ends the session.

    If the response was lost, the request can be repeated within ten seconds, and returns the same refresh token.
    Without a body, the token is read from the cookie, and the next one is set as a cookie.
    """
    if body is not None:
        pair = await use_cases.sessions.refresh(body.refresh_token.get_secret_value(), origin)
        return deliver(request, response, pair, "body")
    if cookie is None:
        raise InvalidRefreshToken
    require_same_origin(request)
    return deliver(request, response, await use_cases.sessions.refresh(cookie, origin), "cookie")


@router.post("/logout", status_code=204, summary="Log out", responses=problem_responses(403, 413, 503))
async def log_out(
    request: Request,
    response: Response,
    use_cases: UseCasesDep,
    origin: OriginDep,
    cookie: RefreshCookie,
    body: RefreshBody | None = None,
) -> None:
    """Ends the session of a refresh token. Idempotent: an invalid token is accepted.

    Without a body, the token is read from the cookie, which is deleted.
    """
    if body is not None:
        await use_cases.sessions.log_out(body.refresh_token.get_secret_value(), origin)
    elif cookie is not None:
        require_same_origin(request)
        await use_cases.sessions.log_out(cookie, origin)
        clear_refresh_cookie(request, response)
