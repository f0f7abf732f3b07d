"""Dependencies of routes, which the lifespan sets on `app.state`.

All are coroutines, because FastAPI runs plain functions in threads, which costs more than the functions themselves.
"""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.security import OptionalUser
from fastapi import Depends, Header, Request

from euterpe_generator.domain.generation import Owner
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.services.generations import GenerationService
from euterpe_generator.services.listening import ListeningService
from euterpe_generator.services.ownership import OwnershipService
from euterpe_generator.services.progress_stream import ProgressStream
from euterpe_generator.services.stream_slots import StreamSlots

_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def get_generations(request: Request) -> GenerationService:
    """Return the use cases of generations."""
    service: GenerationService = request.app.state.generations
    return service


async def get_progress_stream(request: Request) -> ProgressStream:
    """Return the stream of updates."""
    progress_stream: ProgressStream = request.app.state.progress_stream
    return progress_stream


async def get_ownership(request: Request) -> OwnershipService:
    """Return the use cases of all generations of an owner."""
    ownership: OwnershipService = request.app.state.ownership
    return ownership


async def get_listening(request: Request) -> ListeningService:
    """Return the listening test."""
    listening: ListeningService = request.app.state.listening
    return listening


async def get_catalogue(request: Request) -> Catalogue:
    """Return the models."""
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


async def get_store(request: Request) -> ObjectStore:
    """Return the object store."""
    store: ObjectStore = request.app.state.store
    return store


async def get_owner(request: Request, user: OptionalUser) -> Owner:
    """Return the account of the token, or an anonymous owner identified by the network."""
    address = request.client.host if request.client else "unknown"
    if user is not None:
        return Owner.account(user.id, user.name, is_guest=user.guest, address=address)
    return Owner.anonymous(address)


async def wait_seconds(
    request: Request,
    prefer: Annotated[
        str | None,
        Header(description="`wait=N` waits up to N seconds for the end.", examples=["wait=10"]),
    ] = None,
) -> float:
    """Return the seconds of `Prefer: wait=N` (RFC 7240), limited by the settings; 0 without it."""
    found = _WAIT.search(prefer or "")
    return min(float(found.group(1)), request.app.state.settings.max_wait_seconds) if found else 0.0


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Requests with the same key return the same generation.",
            examples=["8c6f1f3e-6d0c-4a55-9d2b-0c6f4a7c1d11"],
        ),
    ] = None,
) -> str | None:
    """Return the Idempotency-Key. Raises Unprocessable for an invalid one."""
    if key is not None and not _KEY.fullmatch(key):
        message = "must be 1 to 255 visible ASCII characters"
        fields = [FieldProblem("header.Idempotency-Key", message, {"max_length": 255})]
        raise Unprocessable(f"header.Idempotency-Key: {message}.", fields=fields)
    return key


OwnerDep = Annotated[Owner, Depends(get_owner)]


async def occupy_stream(request: Request, owner: OwnerDep) -> AsyncIterator[None]:
    """Count a stream of the user until the response has ended. Raises TooManyStreams."""
    slots: StreamSlots = request.app.state.stream_slots
    with slots.occupy(owner):
        yield


GenerationsDep = Annotated[GenerationService, Depends(get_generations)]
ListeningDep = Annotated[ListeningService, Depends(get_listening)]
OwnershipDep = Annotated[OwnershipService, Depends(get_ownership)]
ProgressStreamDep = Annotated[ProgressStream, Depends(get_progress_stream)]
CatalogueDep = Annotated[Catalogue, Depends(get_catalogue)]
StoreDep = Annotated[ObjectStore, Depends(get_store)]
WaitDep = Annotated[float, Depends(wait_seconds)]
IdempotencyKeyDep = Annotated[str | None, Depends(idempotency_key)]
