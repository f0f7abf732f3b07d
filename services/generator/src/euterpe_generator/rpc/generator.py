"""euterpe.generator.v1.GeneratorService: transfer and deletion of generations, for auth."""

from typing import Final

import grpc
from euterpe.generator.v1 import generator_pb2 as pb
from euterpe.generator.v1.generator_pb2_grpc import GeneratorServiceServicer, add_GeneratorServiceServicer_to_server
from euterpe_service_kit.errors import Unprocessable
from euterpe_service_kit.rpc_server import RpcServer

from euterpe_generator.domain.generation import Owner
from euterpe_generator.services.ownership import OwnershipService

SERVICE_NAME: Final = pb.DESCRIPTOR.services_by_name["GeneratorService"].full_name


class GeneratorRpc(GeneratorServiceServicer):
    """Parses requests, calls the use cases and shapes responses."""

    def __init__(self, ownership: OwnershipService) -> None:
        self._ownership = ownership

    async def TransferGenerations(
        self,
        request: pb.TransferGenerationsRequest,
        context: "grpc.aio.ServicerContext[pb.TransferGenerationsRequest, pb.TransferGenerationsResponse]",
    ) -> pb.TransferGenerationsResponse:
        """Transfer a limited number of generations."""
        source = _account(request.from_listener_id, "from_listener_id")
        target = _account(request.to_listener_id, "to_listener_id", request.to_listener_name)
        moved, done = await self._ownership.transfer(source, target)
        return pb.TransferGenerationsResponse(done=done, generations=moved)

    async def DeleteListener(
        self,
        request: pb.DeleteListenerRequest,
        context: "grpc.aio.ServicerContext[pb.DeleteListenerRequest, pb.DeleteListenerResponse]",
    ) -> pb.DeleteListenerResponse:
        """Delete a limited number of generations."""
        deleted, done = await self._ownership.delete(_account(request.listener_id, "listener_id"))
        return pb.DeleteListenerResponse(done=done, generations=deleted)

    def add_to(self, server: RpcServer) -> None:
        """Register the service with a server."""
        add_GeneratorServiceServicer_to_server(self, server.server)


def _account(user_id: str, field: str, name: str = "") -> Owner:
    if not user_id:
        raise Unprocessable(f"{field}: must not be empty.")
    return Owner.account(user_id, name)
