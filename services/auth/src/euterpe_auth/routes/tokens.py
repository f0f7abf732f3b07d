"""Login, guests, refresh and logout over HTTP."""

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
    set_refresh_cookie,
)
from euterpe_auth.routes.schemas import GuestBody, PasswordForm, RefreshBody, TokenAnswer, token_answer
from euterpe_auth.services.sessions import TokenPair

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
    """Begins a session (OAuth 2.0 password grant)."""
    _check_delivery(request, form.delivery)
    pair = await use_cases.logins.log_in(form.username, form.password.get_secret_value(), origin)
    return _deliver(request, response, pair, form.delivery)


@router.post(
    "/guest",
    summary="Begin as a guest",
    response_model_exclude_none=True,
    responses=problem_responses(403, 413, 429, 503),
)
async def create_guest(
    request: Request, response: Response, use_cases: UseCasesDep, origin: OriginDep, body: GuestBody | None = None
) -> TokenAnswer:
    """Begins a session of somebody who has not registered.

    What a guest composes can be kept: register with the guest's access token in the Authorization header, or log in
    and send it to `POST /api/v1/auth/me/claims`. Otherwise it goes when the guest's session has ended.
    """
    delivery: Delivery = "body" if body is None else body.delivery
    _check_delivery(request, delivery)
    return _deliver(request, response, await use_cases.guests.begin(origin), delivery)


@router.post(
    "/refresh", summary="Refresh", response_model_exclude_none=True, responses=problem_responses(401, 403, 413, 503)
)
async def refresh_token(
    request: Request,
    response: Response,
    use_cases: UseCasesDep,
    origin: OriginDep,
    body: RefreshBody | None = None,
    cookie: RefreshCookie = None,
) -> TokenAnswer:
    """Exchanges a refresh token for new tokens, once; presenting a used one again ends its session.

    An answer that got lost may be asked for again within ten seconds, and holds the same refresh token. Without a body,
    the token is taken from the cookie and the next one put there.
    """
    if body is not None:
        pair = await use_cases.sessions.refresh(body.refresh_token.get_secret_value(), origin)
        return _deliver(request, response, pair, "body")
    if cookie is None:
        raise InvalidRefreshToken
    require_same_origin(request)
    return _deliver(request, response, await use_cases.sessions.refresh(cookie, origin), "cookie")


@router.post("/logout", status_code=204, summary="Log out", responses=problem_responses(403, 413, 503))
async def log_out(
    request: Request,
    response: Response,
    use_cases: UseCasesDep,
    origin: OriginDep,
    body: RefreshBody | None = None,
    cookie: RefreshCookie = None,
) -> None:
    """Ends the session of a refresh token. A token that is not valid (any more) is no error.

    Without a body, the token is taken from the cookie, which is removed.
    """
    if body is not None:
        await use_cases.sessions.log_out(body.refresh_token.get_secret_value(), origin)
    elif cookie is not None:
        require_same_origin(request)
        await use_cases.sessions.log_out(cookie, origin)
        clear_refresh_cookie(request, response)


def _check_delivery(request: Request, delivery: Delivery) -> None:
    # Another site must not log a browser in, either: what its owner did next would go to the wrong account.
    if delivery == "cookie":
        require_same_origin(request)


def _deliver(request: Request, response: Response, pair: TokenPair, delivery: Delivery) -> TokenAnswer:
    response.headers["Cache-Control"] = "no-store"
    if delivery == "cookie":
        set_refresh_cookie(request, response, pair.refresh_token, max_age=pair.refresh_expires_in)
    return token_answer(pair, with_refresh_token=delivery == "body")
