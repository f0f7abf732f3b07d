"""`/.well-known/jwks.json`: the public keys."""

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Response

from euterpe_auth.dependencies import UseCasesDep
from euterpe_auth.routes.schemas import KeySet

router = APIRouter(tags=["keys"])


@router.get("/.well-known/jwks.json", summary="Get the public keys", responses=problem_responses(503))
async def read_jwks(response: Response, use_cases: UseCasesDep) -> KeySet:
    """The public keys that verify tokens, as a JSON Web Key Set (RFC 7517)."""
    keys = KeySet(keys=[key.jwk for key in await use_cases.keys.published()])
    response.headers["Cache-Control"] = "public, max-age=300"
    return keys
