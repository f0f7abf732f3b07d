"""Client of the generator, for users' generations."""

import uuid

import grpc
from euterpe.generator.v1 import generator_pb2 as pb
from euterpe.generator.v1.generator_pb2_grpc import GeneratorServiceStub
from euterpe_service_kit.rpc_client import peer_errors

_DEADLINE_SECONDS = 30.0


class GeneratorClient:
    """Calls euterpe.generator.v1.GeneratorService. Raises ServiceError."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = GeneratorServiceStub(channel)

    async def delete(self, user_id: uuid.UUID) -> bool:
        """Cancel and delete a part of a user's generations; whether nothing is left."""
        request = pb.DeleteListenerRequest(listener_id=str(user_id))
        async with peer_errors("generator"):
            response = await self._stub.DeleteListener(request, timeout=_DEADLINE_SECONDS)
        return bool(response.done)

    async def transfer(self, user_id: uuid.UUID, target_id: uuid.UUID, name: str) -> bool:
        """Transfer a part of a user's generations to another user with this name; whether nothing is left."""
        request = pb.TransferGenerationsRequest(
            from_listener_id=str(user_id), to_listener_id=str(target_id), to_listener_name=name
        )
        async with peer_errors("generator"):
            response = await self._stub.TransferGenerations(request, timeout=_DEADLINE_SECONDS)
        return bool(response.done)
