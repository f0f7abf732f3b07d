"""euterpe.generator.v1.GeneratorService: composition for peers."""

from collections.abc import AsyncIterator
from uuid import UUID

import grpc
from euterpe.generator.v1 import generator_pb2 as pb
from euterpe.generator.v1.generator_pb2_grpc import GeneratorServiceServicer
from euterpe_service_kit.errors import Unprocessable
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from euterpe_generator.domain.generation import MAX_SEED, Generation, Listener, Status
from euterpe_generator.models.catalogue import Catalogue, Model
from euterpe_generator.services.generations import GenerationService
from euterpe_generator.services.ownership import ListenerService
from euterpe_generator.services.progress_stream import Following, Position
from euterpe_generator.services.request_resolution import MAX_PROMPT_BARS, PromptWish, Wish

_STATUS = {
    Status.QUEUED: pb.GENERATION_STATUS_QUEUED,
    Status.RUNNING: pb.GENERATION_STATUS_RUNNING,
    Status.SUCCEEDED: pb.GENERATION_STATUS_SUCCEEDED,
    Status.FAILED: pb.GENERATION_STATUS_FAILED,
    Status.CANCELLED: pb.GENERATION_STATUS_CANCELLED,
}
_PEERS = Listener.anonymous("peer")


class GeneratorRpc(GeneratorServiceServicer):
    """Parses, calls the use cases, shapes."""

    def __init__(
        self, service: GenerationService, following: Following, catalogue: Catalogue, listeners: ListenerService
    ) -> None:
        self._service = service
        self._listeners = listeners
        self._following = following
        self._catalogue = catalogue

    async def Generate(
        self, request: pb.GenerateRequest, context: "grpc.aio.ServicerContext[pb.GenerateRequest, pb.GenerateResponse]"
    ) -> AsyncIterator[pb.GenerateResponse]:
        """Orders a piece and streams where it stands until it has ended."""
        listener = Listener.account(request.listener_id, request.listener_name) if request.listener_id else _PEERS
        [generation] = await self._service.order(listener, _wish(request), None)
        async for told in self._following.follow(generation, Position(), notes=False):
            yield _response(told.generation)

    async def ListModels(
        self,
        request: pb.ListModelsRequest,
        context: "grpc.aio.ServicerContext[pb.ListModelsRequest, pb.ListModelsResponse]",
    ) -> pb.ListModelsResponse:
        """The models that are loaded."""
        return pb.ListModelsResponse(models=[_model(model) for model in self._catalogue.models])

    async def TransferGenerations(
        self,
        request: pb.TransferGenerationsRequest,
        context: "grpc.aio.ServicerContext[pb.TransferGenerationsRequest, pb.TransferGenerationsResponse]",
    ) -> pb.TransferGenerationsResponse:
        """One bounded piece of the work, after its commit."""
        source = _account(request.from_listener_id, "from_listener_id")
        target = _account(request.to_listener_id, "to_listener_id", request.to_listener_name)
        moved, done = await self._listeners.transfer(source, target)
        return pb.TransferGenerationsResponse(done=done, generations=moved)

    async def DeleteListener(
        self,
        request: pb.DeleteListenerRequest,
        context: "grpc.aio.ServicerContext[pb.DeleteListenerRequest, pb.DeleteListenerResponse]",
    ) -> pb.DeleteListenerResponse:
        """One bounded piece of the work, after its commit."""
        removed, done = await self._listeners.delete(_account(request.listener_id, "listener_id"))
        return pb.DeleteListenerResponse(done=done, generations=removed)


def _account(listener_id: str, field: str, name: str = "") -> Listener:
    if not listener_id:
        raise Unprocessable(f"{field}: must not be empty.")
    return Listener.account(listener_id, name)


def _wish(request: pb.GenerateRequest) -> Wish:
    seed = request.seed if request.HasField("seed") else None
    if seed is not None and seed > MAX_SEED:
        raise Unprocessable(f"seed: must be at most {MAX_SEED}.")
    length = request.length if request.HasField("length") else None
    parameters = MessageToDict(request.parameters) if request.HasField("parameters") else {}
    return Wish(
        request.model or None,
        seed,
        length,
        request.title[:200] or None,
        background=request.background,
        parameters=parameters,
        prompt=_prompt(request.prompt) if request.HasField("prompt") else None,
    )


def _prompt(prompt: pb.Prompt) -> PromptWish:
    bars = prompt.bars if prompt.HasField("bars") else None
    if bars is not None and not 1 <= bars <= MAX_PROMPT_BARS:
        raise Unprocessable(f"prompt.bars: must be between 1 and {MAX_PROMPT_BARS}.")
    match prompt.WhichOneof("source"):
        case "midi":
            return PromptWish(midi=prompt.midi, bars=bars)
        case "song_id":
            try:
                return PromptWish(song_id=str(UUID(prompt.song_id)), bars=bars)
            except ValueError as error:
                raise Unprocessable("prompt.song_id: must be a UUID.") from error
    raise Unprocessable("prompt: needs either midi or song_id.")


def _response(generation: Generation) -> pb.GenerateResponse:
    return pb.GenerateResponse(
        generation_id=str(generation.id),
        status=_STATUS[generation.status],
        progress=generation.progress,
        midi_key=generation.midi_key or "",
        song_id=generation.song_id or "",
        failure=generation.failure or "",
    )


def _model(model: Model) -> pb.Model:
    parameters = Struct()
    if (limits := model.length) is not None:
        parameters.update({"length": {"minimum": limits.min, "default": limits.default, "maximum": limits.max}})
    parameters.update({one.name: one.limits | {"default": one.default} for one in model.sampling.parameters})
    return pb.Model(
        name=model.name,
        version=model.version,
        kind=model.kind,
        description=model.description,
        parameters=parameters,
    )
