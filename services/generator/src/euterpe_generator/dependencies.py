"""What routes depend on; the lifespan puts it on `app.state`.

All are coroutines, because FastAPI runs plain functions in threads, which costs more than what they do.
"""

import re
from typing import Annotated

from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.security import OptionalUser
from fastapi import Depends, Header, Request

from euterpe_generator.domain.generation import Listener
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.services.generations import GenerationService
from euterpe_generator.services.progress_stream import Following

_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def get_generations(request: Request) -> GenerationService:
    """The use cases."""
    service: GenerationService = request.app.state.generations
    return service


async def get_following(request: Request) -> Following:
    """The followers' use case."""
    following: Following = request.app.state.following
    return following


async def get_catalogue(request: Request) -> Catalogue:
    """The models."""
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


async def get_store(request: Request) -> ObjectStore:
    """The object store."""
    store: ObjectStore = request.app.state.store
    return store


async def get_listener(request: Request, user: OptionalUser) -> Listener:
    """The account behind the token, or the address of an anonymous listener."""
    if user is not None:
        return Listener.account(user.id, user.name)
    return Listener.anonymous(request.client.host if request.client else "unknown")


async def wait_seconds(
    request: Request,
    prefer: Annotated[
        str | None, Header(description="`wait=N` waits up to N seconds for the end.", examples=["wait=10"])
    ] = None,
) -> float:
    """The seconds of `Prefer: wait=N` (RFC 7240), within the service's limit; 0 without it."""
    found = _WAIT.search(prefer or "")
    return min(float(found.group(1)), request.app.state.settings.max_wait_seconds) if found else 0.0


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Repeats with the same key lead to the same generation.",
            examples=["8c6f1f3e-6d0c-4a55-9d2b-0c6f4a7c1d11"],
        ),
    ] = None,
) -> str | None:
    """The Idempotency-Key, checked."""
    if key is not None and not _KEY.fullmatch(key):
        message = "must be 1 to 255 visible ASCII characters"
        fields = [FieldProblem("header.Idempotency-Key", message, {"max_length": 255})]
        raise Unprocessable(f"header.Idempotency-Key: {message}.", fields=fields)
    return key


ListenerDep = Annotated[Listener, Depends(get_listener)]
GenerationsDep = Annotated[GenerationService, Depends(get_generations)]
FollowingDep = Annotated[Following, Depends(get_following)]
CatalogueDep = Annotated[Catalogue, Depends(get_catalogue)]
StoreDep = Annotated[ObjectStore, Depends(get_store)]
WaitDep = Annotated[float, Depends(wait_seconds)]
IdempotencyKeyDep = Annotated[str | None, Depends(idempotency_key)]
