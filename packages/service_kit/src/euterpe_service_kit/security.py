"""FastAPI dependencies that turn the Authorization header into a Principal.

The app stores the TokenVerifier of access tokens as `app.state.access_verifier`. The token of an API key carries
scopes. A route refuses it unless it has the scope that the route declares with `require_scope`, or else the scope that
the app declares for the request's method (`MethodScopes`). Without either, a route refuses API keys.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request, Security
from fastapi.openapi.models import SecurityBase as SecurityModel
from fastapi.openapi.models import SecuritySchemeType
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from fastapi.security.base import SecurityBase

from euterpe_service_kit.errors import Forbidden, InsufficientScope, Unauthenticated
from euterpe_service_kit.tokens import Principal

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Access token from POST /api/v1/auth/token.")


class _Needed(SecurityBase):
    """Marks in the OpenAPI document that a route requires a login; checks nothing itself."""

    def __init__(self) -> None:
        self.model = SecurityModel(type=SecuritySchemeType.http)
        self.scheme_name = LOGIN_NEEDED

    async def __call__(self) -> None:
        """Do nothing."""


#: Name of the marker among a route's security schemes; it is removed from the finished document.
LOGIN_NEEDED = "login needed"
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]

_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class MethodScopes:
    """The scope that an API key needs for reading, and the one for all other methods."""

    read: str
    write: str

    def of(self, method: str) -> str:
        """Return the scope for a request's method."""
        return self.read if method in _READING else self.write


async def optional_principal(request: Request, scopes: SecurityScopes, credentials: Credentials) -> Principal | None:
    """Return the user, or None without an Authorization header. A given token must be valid and have the scope."""
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthenticated("The Authorization header must be `Bearer <token>`.")
        return None
    principal: Principal = await request.app.state.access_verifier.verify(credentials.credentials)
    # In all log lines of the request from here on, including the access log.
    structlog.contextvars.bind_contextvars(user_id=principal.id)
    _require_scopes(request, principal, scopes.scopes)
    return principal


async def require_principal(
    principal: Annotated[Principal | None, Depends(optional_principal)],
    _: Annotated[None, Security(_Needed())],
) -> Principal:
    """Return the user, registered or a guest. Raises Unauthenticated (401) without a login."""
    if principal is None:
        raise Unauthenticated("Log in first: this needs an access token.")
    return principal


async def require_registered(principal: Annotated[Principal, Depends(require_principal)]) -> Principal:
    """Return the registered user. Raises Unauthenticated (401) without a login and Forbidden (403) for a guest."""
    if principal.guest:
        raise Forbidden("Guests cannot do this: register first.")
    return principal


def require_scope(scope: str) -> Any:
    """Create a dependency that returns the user; an API key needs this scope, regardless of the method.

    `user: Annotated[Principal, require_scope("songs:read")]`
    """
    return Security(require_principal, scopes=[scope])


CurrentUser = Annotated[Principal, Depends(require_principal)]
RegisteredUser = Annotated[Principal, Depends(require_registered)]
OptionalUser = Annotated[Principal | None, Depends(optional_principal)]


def _require_scopes(request: Request, principal: Principal, named: list[str]) -> None:
    if principal.scopes is None:
        return
    defaults: MethodScopes | None = request.app.state.method_scopes
    needed = named or ([defaults.of(request.method)] if defaults else [])
    if not needed or not principal.scopes.issuperset(needed):
        raise InsufficientScope(needed)
