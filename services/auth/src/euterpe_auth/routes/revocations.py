"""`/internal/revocations`: what services pull to refuse access tokens before they expire. No gateway routes it."""

import hashlib
from typing import Annotated

from euterpe_service_kit.etags import none_match, strong_etag
from euterpe_service_kit.revocations import PATH
from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from euterpe_auth.dependencies import UseCasesDep

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def list_revocations(use_cases: UseCasesDep, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Return the ids of users, sessions and API keys whose access tokens are refused, at most a second old."""
    ids = sorted(await use_cases.revocations.ids())
    headers = {"ETag": strong_etag(hashlib.sha256(" ".join(ids).encode()).hexdigest()), "Cache-Control": "no-cache"}
    if not none_match(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return JSONResponse({"ids": ids}, headers=headers)
