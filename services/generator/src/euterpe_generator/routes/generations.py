"""`/api/v1/generations`: create, follow, cancel and download generations."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from euterpe_music.midi import read_midi
from euterpe_music.titles import file_name
from euterpe_service_kit.artifacts import Artifact, artifact_response, artifact_responses
from euterpe_service_kit.midi_artifacts import digest_of_midi_key
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.rate_limit import quota_headers
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from euterpe_generator.dependencies import (
    GenerationsDep,
    IdempotencyKeyDep,
    OwnerDep,
    OwnershipDep,
    ProgressStreamDep,
    StoreDep,
    WaitDep,
    occupy_stream,
)
from euterpe_generator.domain.generation import Generation, Owner, Status
from euterpe_generator.errors import NotFinished
from euterpe_generator.routes.quota_headers import generation_quota_headers
from euterpe_generator.routes.schemas import (
    GenerationExport,
    GenerationRequest,
    GenerationView,
    NotesView,
    OrderView,
    location,
)
from euterpe_generator.services.piano_roll_svg import piano_roll_svg
from euterpe_generator.services.progress_stream import StreamPosition

router = APIRouter(prefix="/api/v1/generations", tags=["generations"])

_EVENT_NAMES = {
    Status.QUEUED: "queued",
    Status.SUCCEEDED: "done",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
}

_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "model": OrderView,
        "description": "Accepted.",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "The generation's path."}},
    }
}


@router.post(
    "",
    summary="Create a generation",
    response_model=OrderView,
    responses={
        **_ACCEPTED,
        200: {"description": "All generations ended within the wait of `Prefer`."},
        **problem_responses(401, 413, 422, 429, 503),
    },
)
async def create_generation(
    body: GenerationRequest,
    owner: OwnerDep,
    service: GenerationsDep,
    wait: WaitDep,
    key: IdempotencyKeyDep,
    response: Response,
) -> OrderView:
    """Compose a piece or several variations. With an account, finished pieces become songs in your library.

    Returns 202 at once, or with `Prefer: wait=N` the finished generation if it ends within N seconds.
    """
    generations = await service.create(owner, body.to_domain(), key, wait_seconds=wait)
    if wait:
        response.headers["Preference-Applied"] = f"wait={wait:.0f}"
    response.status_code = 200 if all(generation.status.ended for generation in generations) else 202
    response.headers["Location"] = location(generations[0])
    response.headers.update(generation_quota_headers(service, owner))
    first, *others = (GenerationView.of(generation) for generation in generations)
    return OrderView(**first.model_dump(), variations=others)


_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"model": GenerationExport, "description": "All generations of the account, oldest first."}
}


@router.get(
    "/export",
    summary="Export your generations",
    response_class=Response,
    responses={**_EXPORT, **problem_responses(401, 403, 503)},
)
async def export_generations(user: CurrentUser, ownership: OwnershipDep) -> Response:
    """All generations of the account with their requests and results, also those that failed or were cancelled."""

    async def body() -> AsyncIterator[str]:
        separator = '{"items": ['
        async for generation in ownership.export(Owner.account(user.id, user.name)):
            yield separator + GenerationView.of(generation).model_dump_json()
            separator = ",\n"
        yield "]}" if separator.startswith(",") else separator + "]}"

    headers = {"Content-Disposition": 'attachment; filename="euterpe-generations.json"', "Cache-Control": "no-store"}
    return StreamingResponse(body(), media_type="application/json", headers=headers)


class PiecesUsageView(BaseModel):
    """How many pieces the account requested today."""

    pieces: int | None = Field(examples=[12], description="Pieces since midnight UTC; null without a limit.")
    max_pieces: int | None = Field(examples=[5000], description="Largest number of pieces a day; null without a limit.")
    resets_at: datetime = Field(description="When the count starts again.")


@router.get("/usage", summary="Get the number of today's pieces", responses=problem_responses(401, 403, 503))
async def get_pieces_usage(user: CurrentUser, service: GenerationsDep, response: Response) -> PiecesUsageView:
    """The pieces that were requested today, with the limit. At the limit, requests are refused with 429 and the type
    `daily-quota-reached`.
    """
    owner = Owner.account(user.id, user.name, is_guest=user.guest)
    usage = await service.daily_usage(owner)
    if usage.quota is None:
        return PiecesUsageView(pieces=None, max_pieces=None, resets_at=usage.resets_at)
    response.headers.update(quota_headers([usage.quota]))
    return PiecesUsageView(pieces=usage.pieces, max_pieces=usage.limit, resets_at=usage.resets_at)


async def readable_generation(generation_id: UUID, owner: OwnerDep, service: GenerationsDep) -> Generation:
    """Return the generation of the path. Raises GenerationNotFound if the user may not read it."""
    return await service.get(generation_id, owner)


GenerationDep = Annotated[Generation, Depends(readable_generation)]


@router.get("/{generation_id}", summary="Get a generation", responses=problem_responses(401, 404, 422, 503))
async def get_generation(generation: GenerationDep, service: GenerationsDep) -> GenerationView:
    """Get the state of a generation; while it is queued, with its position in the queue."""
    return GenerationView.of(generation, await service.queue_position(generation))


@router.delete("/{generation_id}", summary="Cancel a generation", responses=problem_responses(401, 404, 422, 503))
async def cancel_generation(
    generation_id: UUID,
    owner: OwnerDep,
    service: GenerationsDep,
    keep: Annotated[bool, Query(description="Keep the events composed so far as a piece.")] = False,
) -> GenerationView:
    """Cancel a generation. If it has already ended, it is unchanged and its piece is kept."""
    return GenerationView.of(await service.cancel(generation_id, owner, keep_partial=keep))


@router.get(
    "/{generation_id}/events",
    summary="Follow a generation",
    response_class=EventSourceResponse,
    dependencies=[Depends(occupy_stream)],
    responses=problem_responses(401, 404, 422, 429, 503),
)
async def follow_generation(
    generation: GenerationDep,
    progress_stream: ProgressStreamDep,
    notes: Annotated[bool, Query(description="Whether to send `notes` events.")] = True,
    last_event_id: Annotated[
        str | None, Header(description="The id of the last received event, to resume after it.", examples=["3.120"])
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream server-sent events: `queued`, `started`, `progress` and `notes`, then `done`, `failed` or `cancelled`.

    The data of `notes` are the notes since the last such event, with the index of each note's track and the program of
    each track; the data of all other events are the generation, as from GET. A generation that waits longer than a
    second sends `queued` with its position in the queue, and again whenever the position changes. The stream ends after
    the last event.
    """
    async for update in progress_stream.stream(generation, StreamPosition.parse(last_event_id), notes=notes):
        state = update.generation
        if update.notes is not None:
            view: BaseModel = NotesView.of(update.notes, steps=state.steps, length=state.length)
            name = "notes"
        else:
            view = GenerationView.of(state, update.queue_position)
            name = _EVENT_NAMES.get(state.status) or ("progress" if update.position.sequence > 1 else "started")
        yield ServerSentEvent(event=name, id=str(update.position), data=view.model_dump(mode="json"))


@router.get(
    "/{generation_id}/midi",
    summary="Download a generation as MIDI",
    response_class=Response,
    responses={**artifact_responses("audio/midi"), **problem_responses(401, 404, 409, 422)},
)
async def get_generation_midi(generation: GenerationDep, store: StoreDep, request: Request) -> Response:
    """Download the MIDI file of a finished generation."""
    if generation.midi_key is None or generation.midi_bytes is None:
        raise NotFinished(f"The generation is {generation.status.value}; it has no MIDI file.")
    artifact = Artifact(
        key=generation.midi_key,
        size_bytes=generation.midi_bytes,
        etag=digest_of_midi_key(generation.midi_key),
        content_type="audio/midi",
        filename=file_name(generation.title, "mid"),
    )
    return await artifact_response(request, store, artifact)


@router.get(
    "/{generation_id}/pianoroll",
    summary="Get a generation's piano roll",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **problem_responses(401, 404, 409, 422, 503)},
)
async def get_generation_pianoroll(generation: GenerationDep, store: StoreDep) -> Response:
    """Get the piano roll of a finished generation as SVG."""
    if generation.midi_key is None:
        raise NotFinished(f"The generation is {generation.status.value}; it has no piano roll.")
    piece = read_midi(await store.get(generation.midi_key))
    headers = {"Cache-Control": "private, max-age=86400", "Content-Security-Policy": "sandbox; default-src 'none'"}
    return Response(piano_roll_svg(piece, generation.title), media_type="image/svg+xml", headers=headers)
