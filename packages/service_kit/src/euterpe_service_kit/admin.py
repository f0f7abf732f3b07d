"""Internal routes for operators, below `/internal/admin`, which no gateway routes.

They need a service token with the scope `admin`, which auth issues to the clients in its setting `admin_clients` only.
The app stores the verifier of service tokens as `app.state.service_verifier`.
"""

from typing import Final

import structlog
from fastapi import APIRouter, Depends, Request

from euterpe_service_kit.errors import Forbidden, Unauthenticated

ADMIN_SCOPE: Final = "admin"


async def require_admin(request: Request) -> None:
    """Raise Unauthenticated without a valid service token, and Forbidden without the scope."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("This needs the token of an operator.")
    principal = await request.app.state.service_verifier.verify(token)
    if ADMIN_SCOPE not in (principal.scopes or ()):
        raise Forbidden("This needs a token with the scope admin.")
    structlog.contextvars.bind_contextvars(operator=principal.id)


def admin_router() -> APIRouter:
    """Return a router whose routes are for operators only."""
    return APIRouter(prefix="/internal/admin", include_in_schema=False, dependencies=[Depends(require_admin)])
