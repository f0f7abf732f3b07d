"""FastAPI dependencies that turn the Authorization header into a Principal.

The app keeps its TokenVerifier for listeners as `app.state.access_verifier`. The token of an API key carries scopes,
and a route refuses it unless it has the scopes that the route names with `require_scope`, or else those that the app
names for the request's method (`MethodScopes`). A route that nobody thought of is thus closed to API keys.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.openapi.models import SecurityBase as SecurityModel
from fastapi.openapi.models import SecuritySchemeType
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from fastapi.security.base import SecurityBase

from euterpe_service_kit.errors import Forbidden, InsufficientScope, Unauthenticated
from euterpe_service_kit.tokens import Principal

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Access token from POST /api/v1/auth/token.")


class _Needed(SecurityBase):
    """Tells the OpenAPI document that a route needs a login, and does not merely take one; checks nothing."""

    def __init__(self) -> None:
        self.model = SecurityModel(type=SecuritySchemeType.http)
        self.scheme_name = LOGIN_NEEDED

    async def __call__(self) -> None:
        """Nothing to check."""


#: The name under which the above appears among a route's security schemes, until the document is finished.
LOGIN_NEEDED = "login needed"
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]

_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class MethodScopes:
    """The scope that an API key needs for reading, and the one that it needs for all else."""

    read: str
    write: str

    def of(self, method: str) -> str:
        """The scope for a request's method."""
        return self.read if method in _READING else self.write


async def optional_principal(request: Request, scopes: SecurityScopes, credentials: Credentials) -> Principal | None:
    """The listener, or None without an Authorization header. A token that is there must be valid and suffice."""
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthenticated("The Authorization header must be `Bearer <token>`.")
        return None
    principal: Principal = await request.app.state.access_verifier.verify(credentials.credentials)
    _require_scopes(request, principal, scopes.scopes)
    return principal


async def require_principal(
    principal: Annotated[Principal | None, Depends(optional_principal)],
    _: Annotated[None, Security(_Needed())],
) -> Principal:
    """The listener, registered or a guest; 401 without one."""
    if principal is None:
        raise Unauthenticated("Log in first: this needs an access token.")
    return principal


async def require_registered(principal: Annotated[Principal, Depends(require_principal)]) -> Principal:
    """The listener; 401 without one, 403 for a guest."""
    if principal.guest:
        raise Forbidden("Guests cannot do this: register first.")
    return principal


def require_scope(scope: str) -> Any:
    """The listener, as CurrentUser; the token of an API key needs this scope, whatever the request's method.

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
