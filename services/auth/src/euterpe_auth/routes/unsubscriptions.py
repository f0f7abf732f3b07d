"""`/api/v1/auth/unsubscriptions`: the link in digests that ends them, without a login (RFC 8058)."""

from typing import Annotated
from urllib.parse import quote

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse

from euterpe_auth.dependencies import UseCasesDep
from euterpe_auth.domain.unsubscriptions import MAX_TOKEN_LENGTH

router = APIRouter(prefix="/api/v1/auth/unsubscriptions", tags=["accounts"])

# In the query, which no log contains.
_Token = Annotated[
    str, Query(max_length=MAX_TOKEN_LENGTH, description="The token of the link.", examples=["gAAAAABqC5…"])
]


@router.get("", include_in_schema=False)
async def open_unsubscription(token: _Token) -> RedirectResponse:
    """Leads to the page with a button. Programs that check mails open links, so this changes nothing."""
    return RedirectResponse(f"/unsubscribe#token={quote(token)}", 303, headers={"Cache-Control": "no-store"})


@router.post("", status_code=204, summary="End digests by e-mail", responses=problem_responses(403, 409, 422, 503))
async def end_digests(token: _Token, use_cases: UseCasesDep) -> None:
    """Ends the digests of the mail's recipient, without a login. Mail programs call it (RFC 8058). Idempotent."""
    await use_cases.unsubscriptions.stop(token)
