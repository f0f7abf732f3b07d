"""`/api/v1/auth/me/passkeys`, `/passkeys/options`, `/token/passkey`: passkeys (WebAuthn)."""

import uuid

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Request, Response

from euterpe_auth.dependencies import AccountDep, OriginDep, RecentAccountDep, UseCasesDep
from euterpe_auth.routes.schemas import (
    NewPasskeyBody,
    PasskeyAnswer,
    PasskeyList,
    PasskeyLoginBody,
    PasskeyNameBody,
    PasskeyOptionsAnswer,
    PasskeyProofBody,
    TokenAnswer,
)
from euterpe_auth.routes.token_delivery import check_delivery, deliver

router = APIRouter(prefix="/api/v1/auth", tags=["passkeys"])


@router.post(
    "/me/passkeys/options", summary="Get options for a new passkey", responses=problem_responses(401, 403, 409, 503)
)
async def begin_passkey(response: Response, user: RecentAccountDep, use_cases: UseCasesDep) -> PasskeyOptionsAnswer:
    """The options of `navigator.credentials.create()`, valid for five minutes. Needs a recent authentication."""
    response.headers["Cache-Control"] = "no-store"
    return PasskeyOptionsAnswer(options=await use_cases.passkeys.begin_registration(user.id, user.session_id))


@router.post(
    "/me/passkeys",
    status_code=201,
    summary="Add a passkey",
    responses=problem_responses(401, 403, 409, 413, 503),
)
async def add_passkey(
    body: NewPasskeyBody, user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> PasskeyAnswer:
    """Adds the passkey that the browser has created. Needs a recent authentication."""
    row = await use_cases.passkeys.register(
        user.id, user.session_id, name=body.name, credential=body.credential, origin=origin
    )
    return PasskeyAnswer.model_validate(row, from_attributes=True)


@router.get("/me/passkeys", summary="List passkeys", responses=problem_responses(401, 403, 503))
async def list_passkeys(user: AccountDep, use_cases: UseCasesDep) -> PasskeyList:
    """The account's passkeys, newest first."""
    rows = await use_cases.passkeys.list(user.id)
    return PasskeyList(items=[PasskeyAnswer.model_validate(row, from_attributes=True) for row in rows])


@router.patch(
    "/me/passkeys/{passkey_id}", summary="Rename a passkey", responses=problem_responses(401, 403, 404, 413, 503)
)
async def rename_passkey(
    passkey_id: uuid.UUID, body: PasskeyNameBody, user: AccountDep, use_cases: UseCasesDep
) -> PasskeyAnswer:
    """Renames a passkey."""
    row = await use_cases.passkeys.rename(user.id, passkey_id, body.name)
    return PasskeyAnswer.model_validate(row, from_attributes=True)


@router.delete(
    "/me/passkeys/{passkey_id}",
    status_code=204,
    summary="Remove a passkey",
    responses=problem_responses(401, 403, 404, 409, 503),
)
async def remove_passkey(
    passkey_id: uuid.UUID, user: RecentAccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> None:
    """Removes a passkey from the account. Needs a recent authentication."""
    await use_cases.passkeys.remove(user.id, user.session_id, passkey_id, origin)


@router.post(
    "/passkeys/options", summary="Get options to use a passkey", responses=problem_responses(403, 409, 429, 503)
)
async def begin_passkey_login(response: Response, use_cases: UseCasesDep, origin: OriginDep) -> PasskeyOptionsAnswer:
    """The options of `navigator.credentials.get()`, valid for five minutes."""
    response.headers["Cache-Control"] = "no-store"
    return PasskeyOptionsAnswer(options=await use_cases.passkeys.begin_login(origin))


@router.post(
    "/token/passkey",
    summary="Log in with a passkey",
    response_model_exclude_none=True,
    responses=problem_responses(401, 403, 409, 413, 503),
)
async def log_in_with_passkey(
    body: PasskeyLoginBody, request: Request, response: Response, use_cases: UseCasesDep, origin: OriginDep
) -> TokenAnswer:
    """Creates a session. A passkey is accepted without a second factor, because it verifies its user."""
    check_delivery(request, body.delivery)
    return deliver(request, response, await use_cases.passkeys.log_in(body.credential, origin), body.delivery)


@router.post(
    "/me/reauthentication/passkey",
    status_code=204,
    summary="Confirm with a passkey",
    responses=problem_responses(401, 403, 409, 413, 503),
)
async def reauthenticate_with_passkey(body: PasskeyProofBody, user: AccountDep, use_cases: UseCasesDep) -> None:
    """Confirms with a passkey of the account that the session's user is present, like the password."""
    await use_cases.passkeys.reauthenticate(user.id, user.session_id, body.credential)
