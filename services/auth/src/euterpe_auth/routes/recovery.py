"""`/api/v1/auth/{password-recovery,login-options}`: recovery of a lost password."""

from typing import Any

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Response

from euterpe_auth.dependencies import OriginDep, UseCasesDep
from euterpe_auth.routes.answers import REVOKED_KEYS, REVOKED_KEYS_ANSWER
from euterpe_auth.routes.schemas import (
    LoginOptionsAnswer,
    RecoveryBody,
    RecoveryCodeCompletion,
    RecoveryCompletion,
)

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"])

_COMPLETED: dict[int | str, dict[str, Any]] = REVOKED_KEYS_ANSWER | problem_responses(403, 409, 413, 429, 503)


@router.get("/login-options", summary="Get login options", responses=problem_responses(503))
async def get_login_options(use_cases: UseCasesDep) -> LoginOptionsAnswer:
    """What this installation offers to log in, to register, and to recover a password."""
    return LoginOptionsAnswer(
        mails=use_cases.mails.is_enabled, passkeys=use_cases.passkeys.is_enabled, provider=use_cases.providers.name
    )


@router.post(
    "/password-recovery",
    status_code=202,
    summary="Request a recovery link",
    responses=problem_responses(403, 409, 413, 429, 503),
)
async def request_recovery(body: RecoveryBody, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Sends a link to the verified address of the account, if there are both.

    The response does not depend on whether the account exists. The link is valid once, for one hour; three links an
    hour can be requested for an account.
    """
    await use_cases.recovery.request(body.account, body.language, origin)


@router.post("/password-recovery/completion", status_code=204, summary="Recover the password", responses=_COMPLETED)
async def complete_recovery(
    body: RecoveryCompletion, response: Response, use_cases: UseCasesDep, origin: OriginDep
) -> None:
    """Sets a new password with the token of a link, and ends all sessions.

    API keys remain valid, unless `revoke_api_keys` is true.
    """
    revoked = await use_cases.recovery.complete(
        body.token.get_secret_value(),
        body.new_password.get_secret_value(),
        revoke_api_keys=body.revoke_api_keys,
        origin=origin,
    )
    response.headers[REVOKED_KEYS] = str(revoked)


@router.post(
    "/password-recovery/code",
    status_code=204,
    summary="Recover the password with a recovery code",
    responses=_COMPLETED | problem_responses(401),
)
async def recover_with_code(
    body: RecoveryCodeCompletion, response: Response, use_cases: UseCasesDep, origin: OriginDep
) -> None:
    """Sets a new password with one of the recovery codes, and ends all sessions. Each code is valid once.

    API keys remain valid, unless `revoke_api_keys` is true.
    """
    revoked = await use_cases.recovery.complete_with_code(
        body.username,
        body.recovery_code.get_secret_value(),
        body.new_password.get_secret_value(),
        revoke_api_keys=body.revoke_api_keys,
        origin=origin,
    )
    response.headers[REVOKED_KEYS] = str(revoked)
