"""`/api/v1/auth/api-keys`: API keys."""

import uuid

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Response

from euterpe_auth.dependencies import AccountDep, OriginDep, UseCasesDep
from euterpe_auth.routes.answers import api_key_answer
from euterpe_auth.routes.schemas import (
    ApiKeyBody,
    ApiKeyExchange,
    ApiKeyList,
    NewApiKeyAnswer,
    ScopedTokenAnswer,
)

router = APIRouter(prefix="/api/v1/auth/api-keys", tags=["API keys"])


@router.post(
    "", status_code=201, summary="Create an API key", responses=problem_responses(401, 403, 409, 413, 429, 503)
)
async def create_api_key(
    body: ApiKeyBody, response: Response, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> NewApiKeyAnswer:
    """Creates an API key. Only this response contains it, because its digest is stored.

    Later than ten minutes after the login, the account's `password` is required; without it the response is 403 with
    the type `recent-authentication-required`.
    """
    password = None if body.password is None else body.password.get_secret_value()
    await use_cases.users.require_recent_authentication(user.id, user.session_id, password, origin)
    new = await use_cases.api_keys.create(
        user.id,
        session_id=user.session_id,
        name=body.name,
        scopes=body.scopes,
        days=body.expires_in_days,
        origin=origin,
    )
    response.headers["Cache-Control"] = "no-store"
    return NewApiKeyAnswer(api_key=new.text, **api_key_answer(new.key).model_dump())


@router.get("", summary="List API keys", responses=problem_responses(401, 403, 503))
async def list_api_keys(user: AccountDep, use_cases: UseCasesDep) -> ApiKeyList:
    """The account's API keys, newest first. Expired keys are listed for 30 days."""
    return ApiKeyList(items=[api_key_answer(key) for key in await use_cases.api_keys.list(user.id)])


@router.delete(
    "/{key_id}", status_code=204, summary="Revoke an API key", responses=problem_responses(401, 403, 404, 503)
)
async def revoke_api_key(key_id: uuid.UUID, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """Revokes the key. Access tokens that it was exchanged for are refused within five seconds."""
    await use_cases.api_keys.revoke(user.id, key_id, origin)


@router.post("/token", summary="Exchange an API key for a token", responses=problem_responses(401, 413, 503))
async def exchange_api_key(body: ApiKeyExchange, response: Response, use_cases: UseCasesDep) -> ScopedTokenAnswer:
    """Returns an access token with the scopes of the API key."""
    scoped = await use_cases.api_keys.exchange(body.api_key.get_secret_value())
    response.headers["Cache-Control"] = "no-store"
    return ScopedTokenAnswer(
        access_token=scoped.token.text, expires_in=scoped.token.expires_in, scope=" ".join(scoped.scopes)
    )
