"""`/api/v1/auth/me/email`, `/email-verifications`: the e-mail address of an account."""

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter

from euterpe_auth.dependencies import AccountDep, OriginDep, RecentAccountDep, UseCasesDep
from euterpe_auth.routes.answers import provider_link_answer
from euterpe_auth.routes.schemas import (
    ConfirmBody,
    CredentialsAnswer,
    EmailBody,
    LinkBody,
    VerifiedEmailAnswer,
)

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"])


@router.get("/me/credentials", summary="Get your credentials", responses=problem_responses(401, 403, 503))
async def get_credentials(user: AccountDep, use_cases: UseCasesDep) -> CredentialsAnswer:
    """How you log in to the account and recover it, without any secret."""
    account = await use_cases.users.credentials(user.id)
    return CredentialsAnswer(
        email=account.email,
        pending_email=account.pending_email,
        recovery_codes=await use_cases.recovery_codes.count(user.id),
        totp=await use_cases.second_factor.is_enabled(user.id),
        password=account.password_hash is not None,
        providers=[provider_link_answer(row) for row in await use_cases.providers.links(user.id)],
    )


@router.post(
    "/me/reauthentication",
    status_code=204,
    summary="Confirm your password",
    responses=problem_responses(401, 403, 413, 429, 503),
)
async def reauthenticate(body: ConfirmBody, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Confirms with the password that the session's user is present.

    Changes of credentials need a login or a confirmation within the last ten minutes; without it the response is 403
    with the type `recent-authentication-required`.
    """
    await use_cases.users.reauthenticate(user.id, user.session_id, body.password.get_secret_value(), origin)


@router.put(
    "/me/email",
    status_code=202,
    summary="Change the e-mail address",
    responses=problem_responses(401, 403, 409, 413, 429, 503),
)
async def change_email(body: EmailBody, user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Sends a link to the address, which becomes the account's when `POST /email-verifications` gets its token.

    A previous address is notified. Needs a recent authentication.
    """
    await use_cases.emails.request_change(user.id, user.session_id, body.email, body.language, origin)


@router.delete(
    "/me/email", status_code=204, summary="Remove the e-mail address", responses=problem_responses(401, 403, 503)
)
async def remove_email(user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Removes the address, which is notified. A lost password can then not be recovered by mail.

    Needs a recent authentication.
    """
    await use_cases.emails.remove(user.id, user.session_id, origin)


@router.post(
    "/email-verifications", summary="Verify an e-mail address", responses=problem_responses(403, 409, 413, 503)
)
async def verify_email(body: LinkBody, use_cases: UseCasesDep, origin: OriginDep) -> VerifiedEmailAnswer:
    """Makes the address to which a link was sent the account's. A link is valid once, for 24 hours."""
    return VerifiedEmailAnswer(email=await use_cases.emails.verify(body.token.get_secret_value(), origin))
