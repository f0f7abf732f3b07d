"""FastAPI dependencies that turn the Authorization header into a Principal.

The app keeps its TokenVerifier for listeners as `app.state.access_verifier`.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from euterpe_service_kit.errors import Unauthenticated
from euterpe_service_kit.tokens import Principal

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Access token from POST /api/v1/auth/token.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def optional_principal(request: Request, credentials: Credentials) -> Principal | None:
    """The listener, or None without an Authorization header. A token that is there must be valid."""
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthenticated("The Authorization header must be `Bearer <token>`.")
        return None
    principal: Principal = await request.app.state.access_verifier.verify(credentials.credentials)
    return principal


async def require_principal(principal: Annotated[Principal | None, Depends(optional_principal)]) -> Principal:
    """The listener; 401 without one."""
    if principal is None:
        raise Unauthenticated("Log in first: this needs an access token.")
    return principal


CurrentUser = Annotated[Principal, Depends(require_principal)]
OptionalUser = Annotated[Principal | None, Depends(optional_principal)]
