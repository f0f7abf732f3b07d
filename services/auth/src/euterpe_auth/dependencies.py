"""The use cases, as FastAPI dependencies."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from euterpe_auth.services.service_clients import ServiceClients
from euterpe_auth.services.sessions import Sessions
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_auth.services.users import Users


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the app's lifespan wires and the routes call."""

    users: Users
    sessions: Sessions
    clients: ServiceClients
    keys: KeyRing


async def _use_cases(request: Request) -> UseCases:
    wired: UseCases = request.app.state.use_cases
    return wired


UseCasesDep = Annotated[UseCases, Depends(_use_cases)]
