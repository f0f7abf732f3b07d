"""`/api/v1/generations`: order a piece, follow it, fetch it."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from euterpe_music.midi import read_midi
from euterpe_service_kit.artifacts import Artifact, artifact_response, artifact_responses
from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from euterpe_generator.dependencies import (
    FollowingDep,
    GenerationsDep,
    IdempotencyKeyDep,
    ListenerDep,
    StoreDep,
    WaitDep,
)
from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.errors import NotFinished
from euterpe_generator.routes.schemas import GenerationRequest, GenerationView, NotesView, OrderView, location
from euterpe_generator.services.piano_roll_svg import piano_roll_svg
from euterpe_generator.services.progress_stream import Position

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
        "description": "Accepted; the piece is on its way.",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "The generation's path."}},
    }
}


@router.post(
    "",
    summary="Compose a piece",
    response_model=OrderView,
    responses={
        **_ACCEPTED,
        200: {"description": "Everything ended within the wait that `Prefer` asked for."},
        **problem_responses(401, 413, 422, 429, 503),
    },
)
async def create_generation(
    body: GenerationRequest,
    listener: ListenerDep,
    service: GenerationsDep,
    wait: WaitDep,
    key: IdempotencyKeyDep,
    response: Response,
) -> OrderView:
    """Orders a piece or several variations, with or without an account; with one, they appear in its library.

    Answers 202 at once, or with `Prefer: wait=N` the ended generation if it ends within N seconds.
    """
    order = await service.order(listener, body.wish(), key, wait_seconds=wait)
    if wait:
        response.headers["Preference-Applied"] = f"wait={wait:.0f}"
    response.status_code = 200 if all(generation.status.ended for generation in order) else 202
    response.headers["Location"] = location(order[0])
    first, *others = (GenerationView.of(generation) for generation in order)
    return OrderView(**first.model_dump(), variations=others)


async def visible_generation(generation_id: UUID, listener: ListenerDep, service: GenerationsDep) -> Generation:
    """The generation of the path, if the listener may see it."""
    return await service.get(generation_id, listener)


GenerationDep = Annotated[Generation, Depends(visible_generation)]


@router.get("/{generation_id}", summary="Look at a generation", responses=problem_responses(401, 404, 422, 503))
async def get_generation(generation: GenerationDep, service: GenerationsDep) -> GenerationView:
    """Where the generation stands; while it waits, with its place in the queue."""
    return GenerationView.of(generation, await service.place(generation))


@router.delete("/{generation_id}", summary="Cancel a generation", responses=problem_responses(401, 404, 422, 503))
async def cancel_generation(
    generation_id: UUID,
    listener: ListenerDep,
    service: GenerationsDep,
    keep: Annotated[bool, Query(description="Keep what has been composed so far as a piece.")] = False,
) -> GenerationView:
    """Cancels a generation that has not ended. One that has stays as it is; its piece is not deleted."""
    return GenerationView.of(await service.cancel(generation_id, listener, keep_partial=keep))


@router.get(
    "/{generation_id}/events",
    summary="Follow a generation",
    response_class=EventSourceResponse,
    responses=problem_responses(401, 404, 422, 503),
)
async def follow_generation(
    generation: GenerationDep,
    following: FollowingDep,
    notes: Annotated[bool, Query(description="Whether to send `notes` events.")] = True,
    last_event_id: Annotated[
        str | None, Header(description="The last event's id, to resume after it.", examples=["3.120"])
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events `queued`, `started`, `progress` and `notes`, then one of `done`, `failed`, `cancelled`.

    The data of `notes` are the notes since the last such event; of all others, the generation as GET gives it. What
    still waits after a second is `queued` with its place, and again whenever that has changed. The stream ends after
    the last event.
    """
    async for told in following.follow(generation, Position.parse(last_event_id), notes=notes):
        state = told.generation
        if told.notes is not None:
            view: BaseModel = NotesView(steps=state.steps, length=state.length, notes=list(told.notes))
            name = "notes"
        else:
            view = GenerationView.of(state, told.place)
            name = _EVENT_NAMES.get(state.status) or ("progress" if told.position.sequence > 1 else "started")
        yield ServerSentEvent(event=name, id=str(told.position), data=view.model_dump(mode="json"))


@router.get(
    "/{generation_id}/midi",
    summary="Download the piece as MIDI",
    response_class=Response,
    responses={**artifact_responses("audio/midi"), **problem_responses(401, 404, 409, 422)},
)
async def get_generation_midi(generation: GenerationDep, store: StoreDep, request: Request) -> Response:
    """The MIDI file, once the generation has succeeded."""
    if generation.midi_key is None or generation.midi_bytes is None:
        raise NotFinished(f"The generation is {generation.status.value}; it has no MIDI file.")
    digest = generation.midi_key.removeprefix("midi/").removesuffix(".mid")
    artifact = Artifact(
        key=generation.midi_key,
        size_bytes=generation.midi_bytes,
        etag=digest,
        content_type="audio/midi",
        filename=f"{generation.title}.mid",
    )
    return await artifact_response(request, store, artifact)


@router.get(
    "/{generation_id}/pianoroll",
    summary="See the piece",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **problem_responses(401, 404, 409, 422, 503)},
)
async def get_generation_pianoroll(generation: GenerationDep, store: StoreDep) -> Response:
    """The piano roll as an SVG picture, once the generation has succeeded."""
    if generation.midi_key is None:
        raise NotFinished(f"The generation is {generation.status.value}; it has no piano roll.")
    piece = read_midi(await store.get(generation.midi_key))
    headers = {"Cache-Control": "private, max-age=86400", "Content-Security-Policy": "sandbox; default-src 'none'"}
    return Response(piano_roll_svg(piece, generation.title), media_type="image/svg+xml", headers=headers)
