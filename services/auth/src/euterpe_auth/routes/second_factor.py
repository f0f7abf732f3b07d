"""`/api/v1/auth/me/{totp,recovery-codes}`: the second factor and the recovery codes of an account."""

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Response

from euterpe_auth.dependencies import OriginDep, RecentAccountDep, UseCasesDep
from euterpe_auth.routes.schemas import EnabledTotpAnswer, RecoveryCodesAnswer, TotpCodeBody, TotpSecretAnswer

router = APIRouter(prefix="/api/v1/auth/me", tags=["accounts"])


@router.post(
    "/recovery-codes", status_code=201, summary="Create recovery codes", responses=problem_responses(401, 403, 503)
)
async def create_recovery_codes(
    response: Response, user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> RecoveryCodesAnswer:
    """Replaces all recovery codes. Only this response contains them, because their digests are stored.

    A code recovers the password once, or replaces the code of an authenticator app once. Needs a recent authentication.
    """
    codes = await use_cases.recovery_codes.renew(user.id, user.session_id, origin)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesAnswer(recovery_codes=list(codes))


@router.post(
    "/totp", status_code=201, summary="Create an authenticator secret", responses=problem_responses(401, 403, 409, 503)
)
async def create_totp(response: Response, user: RecentAccountDep, use_cases: UseCasesDep) -> TotpSecretAnswer:
    """Creates the secret for an authenticator app (TOTP, RFC 6238). Logins need codes after `POST /me/totp/activation`.

    Needs a recent authentication.
    """
    new = await use_cases.second_factor.begin(user.id, user.session_id)
    response.headers["Cache-Control"] = "no-store"
    return TotpSecretAnswer(secret=new.secret, uri=new.uri, qr_code=new.qr_code)


@router.post(
    "/totp/activation",
    summary="Enable the second factor",
    responses=problem_responses(401, 403, 409, 413, 429, 503),
)
async def enable_totp(
    body: TotpCodeBody, response: Response, user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> EnabledTotpAnswer:
    """Confirms the secret with a code of the app. From now on, logins with the password need a code (`code`).

    Returns recovery codes if the account had none. Needs a recent authentication.
    """
    codes = await use_cases.second_factor.enable(user.id, user.session_id, body.code, origin)
    response.headers["Cache-Control"] = "no-store"
    return EnabledTotpAnswer(recovery_codes=None if codes is None else list(codes))


@router.delete(
    "/totp", status_code=204, summary="Disable the second factor", responses=problem_responses(401, 403, 503)
)
async def disable_totp(user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Logins need no codes any more. Needs a recent authentication."""
    await use_cases.second_factor.disable(user.id, user.session_id, origin)
