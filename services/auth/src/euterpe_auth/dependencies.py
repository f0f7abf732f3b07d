"""The use cases, and who asks for them from where, as FastAPI dependencies."""

import uuid
from dataclasses import dataclass
from typing import Annotated

from euterpe_service_kit.errors import Unauthenticated
from euterpe_service_kit.security import RegisteredUser
from euterpe_service_kit.tokens import Principal
from fastapi import Depends, Request

from euterpe_auth.domain.origin import Origin
from euterpe_auth.services.api_keys import ApiKeys
from euterpe_auth.services.guests import Guests
from euterpe_auth.services.logins import Logins
from euterpe_auth.services.service_clients import ServiceClients
from euterpe_auth.services.sessions import Sessions
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_auth.services.users import Users


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the app's lifespan wires and the routes call."""

    users: Users
    logins: Logins
    guests: Guests
    sessions: Sessions
    api_keys: ApiKeys
    clients: ServiceClients
    keys: KeyRing


@dataclass(frozen=True, slots=True)
class Account:
    """A registered listener who has logged in; no guest, and no API key."""

    id: uuid.UUID
    session_id: uuid.UUID | None


async def _use_cases(request: Request) -> UseCases:
    wired: UseCases = request.app.state.use_cases
    return wired


async def _origin(request: Request) -> Origin:
    # The server has put the address in X-Forwarded-For here, when the request came from a gateway that it believes.
    address = request.client.host if request.client else ""
    return Origin.of(address, request.headers.get("user-agent", ""))


async def _account(user: RegisteredUser) -> Account:
    session_id = None if user.session_id is None else uuid.UUID(user.session_id)
    return Account(listener_id(user), session_id)


def listener_id(principal: Principal) -> uuid.UUID:
    """The id that a token names; Unauthenticated when auth never gives out such ids."""
    try:
        return uuid.UUID(principal.id)
    except ValueError:
        raise Unauthenticated("The token is not valid.") from None


UseCasesDep = Annotated[UseCases, Depends(_use_cases)]
OriginDep = Annotated[Origin, Depends(_origin)]
AccountDep = Annotated[Account, Depends(_account)]
