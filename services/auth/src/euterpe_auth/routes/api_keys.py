"""API keys over HTTP."""

import uuid

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Response

from euterpe_auth.dependencies import AccountDep, OriginDep, UseCasesDep
from euterpe_auth.domain.api_keys import ApiKey
from euterpe_auth.routes.schemas import (
    ApiKeyAnswer,
    ApiKeyBody,
    ApiKeyExchange,
    ApiKeyList,
    NewApiKeyAnswer,
    ScopedTokenAnswer,
    utc,
)

router = APIRouter(prefix="/api/v1/auth/api-keys", tags=["API keys"])


@router.post("", status_code=201, summary="Make an API key", responses=problem_responses(401, 403, 409, 413, 503))
async def create_api_key(
    body: ApiKeyBody, response: Response, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep
) -> NewApiKeyAnswer:
    """Makes a key. It is shown this once, for only its digest is stored."""
    new = await use_cases.api_keys.create(
        user.id, name=body.name, scopes=body.scopes, days=body.expires_in_days, origin=origin
    )
    response.headers["Cache-Control"] = "no-store"
    return NewApiKeyAnswer(api_key=new.text, **_answer(new.key).model_dump())


@router.get("", summary="My API keys", responses=problem_responses(401, 403, 503))
async def list_api_keys(user: AccountDep, use_cases: UseCasesDep) -> ApiKeyList:
    """The account's keys, the newest first; an expired one for another 30 days."""
    return ApiKeyList(items=[_answer(key) for key in await use_cases.api_keys.list(user.id)])


@router.delete(
    "/{key_id}", status_code=204, summary="Revoke an API key", responses=problem_responses(401, 403, 404, 503)
)
async def revoke_api_key(key_id: uuid.UUID, user: AccountDep, use_cases: UseCasesDep, origin: OriginDep) -> None:
    """The key is exchanged no more; a token that it was exchanged for lives for the rest of its ten minutes."""
    await use_cases.api_keys.revoke(user.id, key_id, origin)


@router.post("/token", summary="Token for an API key", responses=problem_responses(401, 413, 503))
async def exchange_api_key(body: ApiKeyExchange, response: Response, use_cases: UseCasesDep) -> ScopedTokenAnswer:
    """Exchanges a key for an access token that may do what the key's scopes say."""
    scoped = await use_cases.api_keys.exchange(body.api_key.get_secret_value())
    response.headers["Cache-Control"] = "no-store"
    return ScopedTokenAnswer(
        access_token=scoped.token.text, expires_in=scoped.token.expires_in, scope=" ".join(scoped.scopes)
    )


def _answer(key: ApiKey) -> ApiKeyAnswer:
    return ApiKeyAnswer(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        scopes=list(key.scopes),
        created_at=utc(key.created_at),
        expires_at=utc(key.expires_at),
        last_used_at=None if key.last_used_at is None else utc(key.last_used_at),
    )
