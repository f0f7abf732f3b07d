"""`/api/v1/auth/{users,me}`: accounts."""

from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import OptionalUser, require_scope
from euterpe_service_kit.tokens import Principal
from fastapi import APIRouter, Query, Request, Response

from euterpe_auth.dependencies import AccountDep, OriginDep, UseCasesDep, user_id_of
from euterpe_auth.domain.api_keys import Scope
from euterpe_auth.domain.users import User
from euterpe_auth.errors import NoSuchGuest
from euterpe_auth.routes.answers import (
    REVOKED_KEYS,
    REVOKED_KEYS_ANSWER,
    AccountExport,
    api_key_answer,
    provider_link_answer,
    security_event_answer,
    session_answer,
)
from euterpe_auth.routes.schemas import (
    ClaimBody,
    DeletionBody,
    NewUserAnswer,
    PasswordChange,
    Registration,
    RegistrationChallengeAnswer,
    SecurityEventPage,
    UserAnswer,
)

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"])

_Reader = Annotated[Principal, require_scope(Scope.ACCOUNT_READ)]


@router.post("/users", status_code=201, summary="Register", responses=problem_responses(401, 403, 409, 413, 429, 503))
async def register_user(
    body: Registration, response: Response, guest: OptionalUser, use_cases: UseCasesDep, origin: OriginDep
) -> NewUserAnswer:
    """Creates an account. Log in with `POST /api/v1/auth/token` afterwards.

    Only this response contains the recovery codes. Each recovers a lost password once, without an e-mail address.

    With a guest's access token in the Authorization header, the guest becomes the account: the account owns the guest's
    songs, and the guest's sessions end.
    """
    guest_id = user_id_of(guest) if guest is not None and guest.guest else None
    password = body.password.get_secret_value()
    new = await use_cases.users.register(body.username, password, origin, guest_id=guest_id, proof=body.proof)
    response.headers["Cache-Control"] = "no-store"
    return NewUserAnswer(**_response(new.user).model_dump(), recovery_codes=list(new.recovery_codes))


@router.get("/registration-challenge", summary="Get a challenge for a registration", responses=problem_responses(503))
async def get_registration_challenge(response: Response, use_cases: UseCasesDep) -> RegistrationChallengeAnswer:
    """A challenge (ALTCHA, proof of work) that a registration must solve within ten minutes; null if it needs none."""
    response.headers["Cache-Control"] = "no-store"
    return RegistrationChallengeAnswer(challenge=use_cases.challenges.create())


@router.get("/me", summary="Get the current account", responses=problem_responses(401, 403, 503))
async def read_me(user: _Reader, use_cases: UseCasesDep) -> UserAnswer:
    """The account or guest of the access token."""
    return _response(await use_cases.users.get(user_id_of(user)))


@router.put(
    "/me/password",
    status_code=204,
    summary="Change the password",
    responses=REVOKED_KEYS_ANSWER | problem_responses(401, 403, 413, 429, 503),
)
async def change_password(
    body: PasswordChange, response: Response, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> None:
    """Changes the password, and ends all other sessions. API keys remain valid, unless `revoke_api_keys` is true.

    An account without a password needs a recent authentication instead of `current_password`.
    """
    revoked = await use_cases.users.change_password(
        user.id,
        current=None if body.current_password is None else body.current_password.get_secret_value(),
        new=body.new_password.get_secret_value(),
        session_id=user.session_id,
        revoke_api_keys=body.revoke_api_keys,
        origin=origin,
    )
    response.headers[REVOKED_KEYS] = str(revoked)


@router.post(
    "/me/deletion", status_code=202, summary="Delete the account", responses=problem_responses(401, 403, 413, 429, 503)
)
async def delete_account(body: DeletionBody, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Deletes the account permanently. Its songs, share links, comments and files are deleted in the background.

    An account without a password needs a recent authentication instead.
    """
    password = None if body.password is None else body.password.get_secret_value()
    await use_cases.users.delete(user.id, user.session_id, password, origin)


@router.post(
    "/me/claims",
    status_code=202,
    summary="Claim a guest's songs",
    responses=problem_responses(401, 403, 409, 413, 503),
)
async def claim_guest(
    body: ClaimBody, request: Request, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> None:
    """Transfers the songs of a guest, identified by its access token, to the account, and deletes the guest."""
    guest: Principal = await request.app.state.access_verifier.verify(body.guest_token.get_secret_value())
    if not guest.guest:
        raise NoSuchGuest
    await use_cases.guests.claim(user.id, user_id_of(guest), origin)


@router.get("/me/export", summary="Export your account", responses=problem_responses(401, 403, 503))
async def export_account(response: Response, user: AccountDep, use_cases: UseCasesDep) -> AccountExport:
    """The account with its sessions, API keys and all security events, without any secret.

    Songs and what belongs to them are exported by `/api/v1/library/export`, generations by
    `/api/v1/generations/export`.
    """
    response.headers["Content-Disposition"] = 'attachment; filename="euterpe-account.json"'
    response.headers["Cache-Control"] = "no-store"
    return AccountExport(
        account=_response(await use_cases.users.get(user.id)),
        email=(await use_cases.users.credentials(user.id)).email,
        providers=[provider_link_answer(row) for row in await use_cases.providers.links(user.id)],
        sessions=[session_answer(row, user.session_id) for row in await use_cases.sessions.list(user.id)],
        api_keys=[api_key_answer(key) for key in await use_cases.api_keys.list(user.id)],
        security_events=[security_event_answer(row) for row in await use_cases.users.all_security_events(user.id)],
    )


@router.get("/me/security-events", summary="List security events", responses=problem_responses(401, 403, 503))
async def list_security_events(
    user: AccountDep,
    use_cases: UseCasesDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    before: Annotated[
        int | None, Query(ge=1, le=2**63 - 1, description="`next_before` of the previous page.", examples=[4711])
    ] = None,
) -> SecurityEventPage:
    """Logins, failed logins and changes of the account, newest first. They are kept for a year."""
    rows = await use_cases.users.security_events(user.id, before=before, limit=limit)
    items = [security_event_answer(row) for row in rows]
    return SecurityEventPage(items=items, next_before=rows[-1].id if len(rows) == limit else None)


def _response(user: User) -> UserAnswer:
    return UserAnswer(id=user.id, username=user.username, created_at=user.created_at, guest=user.guest)
