"""`/api/v1/auth/provider`, `/token/provider`, `/me/provider`: logins at an OpenID Connect provider."""

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import OptionalUser
from fastapi import APIRouter, Request, Response

from euterpe_auth.dependencies import AccountDep, OriginDep, RecentAccountDep, UseCasesDep, user_id_of
from euterpe_auth.routes.schemas import (
    NewUserAnswer,
    ProviderAuthorizationAnswer,
    ProviderAuthorizationBody,
    ProviderLoginBody,
    ProviderRegistration,
    ProviderResponseBody,
    ProviderTicketBody,
    ProviderUserAnswer,
    TokenAnswer,
)
from euterpe_auth.routes.token_delivery import check_delivery, deliver

router = APIRouter(prefix="/api/v1/auth", tags=["provider"])


@router.post(
    "/provider/authorization", summary="Begin a login at the provider", responses=problem_responses(409, 429, 503)
)
async def begin_provider_login(
    response: Response, use_cases: UseCasesDep, origin: OriginDep
) -> ProviderAuthorizationAnswer:
    """The provider's page (authorization code flow with PKCE), and a ticket that continues the login."""
    response.headers["Cache-Control"] = "no-store"
    url, ticket = await use_cases.providers.begin(origin)
    return ProviderAuthorizationAnswer(url=url, ticket=ticket)


@router.post(
    "/provider/completion",
    summary="Verify the provider's response",
    responses=problem_responses(401, 409, 413, 503),
)
async def complete_provider_login(
    body: ProviderResponseBody, response: Response, use_cases: UseCasesDep
) -> ProviderUserAnswer:
    """Verifies the parameters with which the provider sent the browser back. They are accepted once.

    The ticket then logs in, registers, links or confirms.
    """
    response.headers["Cache-Control"] = "no-store"
    user = await use_cases.providers.complete(
        body.ticket.get_secret_value(),
        state=body.state.get_secret_value(),
        code=body.code.get_secret_value(),
        issuer=body.iss,
    )
    return ProviderUserAnswer.model_validate(user, from_attributes=True)


@router.post(
    "/token/provider",
    summary="Log in with the provider",
    response_model_exclude_none=True,
    responses=problem_responses(401, 403, 409, 413, 429, 503),
)
async def log_in_with_provider(
    body: ProviderLoginBody, request: Request, response: Response, use_cases: UseCasesDep, origin: OriginDep
) -> TokenAnswer:
    """Creates a session of the account that is linked with the provider's user.

    If the account has a second factor, a login without `code` is answered with 401 and the type
    `second-factor-required`; the ticket remains valid. Without an account, the type is `no-provider-account`.
    """
    check_delivery(request, body.delivery)
    code = None if body.code is None else body.code.get_secret_value()
    pair = await use_cases.providers.log_in(body.ticket.get_secret_value(), origin, code=code)
    return deliver(request, response, pair, body.delivery)


@router.post(
    "/provider/registration",
    status_code=201,
    summary="Register with the provider",
    responses=problem_responses(401, 403, 409, 413, 429, 503),
)
async def register_with_provider(
    body: ProviderRegistration, response: Response, guest: OptionalUser, use_cases: UseCasesDep, origin: OriginDep
) -> NewUserAnswer:
    """Creates an account without a password for the provider's user. The ticket then logs in.

    With a guest's access token in the Authorization header, the guest becomes the account.
    """
    guest_id = user_id_of(guest) if guest is not None and guest.guest else None
    new = await use_cases.providers.register(
        body.ticket.get_secret_value(), body.username, origin, guest_id=guest_id, proof=body.proof
    )
    response.headers["Cache-Control"] = "no-store"
    user = new.user
    return NewUserAnswer(
        id=user.id, username=user.username, created_at=user.created_at, recovery_codes=list(new.recovery_codes)
    )


@router.post(
    "/me/provider/authorization",
    summary="Begin to link the provider or to confirm with it",
    responses=problem_responses(401, 403, 409, 413, 429, 503),
)
async def begin_provider_confirmation(
    body: ProviderAuthorizationBody, response: Response, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> ProviderAuthorizationAnswer:
    """Like `POST /provider/authorization`, for an account. To link needs a recent authentication."""
    response.headers["Cache-Control"] = "no-store"
    is_confirmation = body.purpose == "confirm"
    if not is_confirmation:
        await use_cases.users.require_recent_authentication(user.id, user.session_id, None, origin)
    url, ticket = await use_cases.providers.begin(
        origin, user_id=user.id, session_id=user.session_id, is_confirmation=is_confirmation
    )
    return ProviderAuthorizationAnswer(url=url, ticket=ticket)


@router.post(
    "/me/provider",
    status_code=204,
    summary="Link the provider",
    responses=problem_responses(401, 403, 409, 413, 503),
)
async def link_provider(
    body: ProviderTicketBody, user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> None:
    """Lets the provider's user log in to the account. Needs a recent authentication."""
    await use_cases.providers.link(user.id, user.session_id, body.ticket.get_secret_value(), origin)


@router.delete(
    "/me/provider", status_code=204, summary="Unlink the provider", responses=problem_responses(401, 403, 404, 409, 503)
)
async def unlink_provider(user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Removes the link. Needs a recent authentication, and a password or passkey to log in with."""
    await use_cases.providers.unlink(user.id, user.session_id, origin)


@router.post(
    "/me/reauthentication/provider",
    status_code=204,
    summary="Confirm with the provider",
    responses=problem_responses(401, 403, 409, 413, 503),
)
async def reauthenticate_with_provider(body: ProviderTicketBody, user: AccountDep, use_cases: UseCasesDep) -> None:
    """Confirms with a login at the provider that the session's user is present, like the password.

    The provider must state that the login was within the last ten minutes (`auth_time`).
    """
    await use_cases.providers.reauthenticate(user.id, user.session_id, body.ticket.get_secret_value())
