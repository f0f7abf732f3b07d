"""Which service may call which method: each pair, over a real channel."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from euterpe.generator.v1 import generator_pb2, generator_pb2_grpc
from euterpe.library.v1 import library_pb2, library_pb2_grpc
from euterpe_service_kit.rpc_access import CALLERS
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.tokens import SERVICE, RemoteKeys, TokenVerifier
from euterpe_test_kit.issuer import TokenIssuer

SERVICES = ("auth", "library", "generator", "converter", "web", "")
ALLOWED = {
    ("generator", "/euterpe.library.v1.LibraryService/RegisterSongs"),
    ("generator", "/euterpe.library.v1.LibraryService/ResolveArtifact"),
    ("converter", "/euterpe.library.v1.LibraryService/ResolveArtifact"),
    ("auth", "/euterpe.library.v1.LibraryService/TransferSongs"),
    ("auth", "/euterpe.library.v1.LibraryService/DeleteListener"),
    ("generator", "/euterpe.library.v1.LibraryService/GetStorageUsage"),
    ("generator", "/euterpe.library.v1.LibraryService/RemoveUnusedArtifacts"),
    ("auth", "/euterpe.library.v1.LibraryService/ClaimDigest"),
    ("auth", "/euterpe.library.v1.LibraryService/ConfirmDigest"),
    ("auth", "/euterpe.library.v1.LibraryService/StopDigest"),
    ("auth", "/euterpe.generator.v1.GeneratorService/TransferGenerations"),
    ("auth", "/euterpe.generator.v1.GeneratorService/DeleteListener"),
}
CONTRACTS = [
    library_pb2.DESCRIPTOR.services_by_name["LibraryService"],
    generator_pb2.DESCRIPTOR.services_by_name["GeneratorService"],
]
METHODS = [f"/{contract.full_name}/{method.name}" for contract in CONTRACTS for method in contract.methods]


@pytest_asyncio.fixture
async def target(token_issuer: TokenIssuer) -> AsyncIterator[str]:
    """A server whose methods are not implemented: a permitted call ends with another error than PERMISSION_DENIED."""
    async with httpx.AsyncClient() as http:
        server = RpcServer(TokenVerifier(RemoteKeys(token_issuer.jwks_url, http), SERVICE))
        library_pb2_grpc.add_LibraryServiceServicer_to_server(library_pb2_grpc.LibraryServiceServicer(), server.server)
        generator_pb2_grpc.add_GeneratorServiceServicer_to_server(
            generator_pb2_grpc.GeneratorServiceServicer(), server.server
        )
        yield f"127.0.0.1:{await server.start('127.0.0.1', 0)}"
        await server.stop(0)


async def _code(target: str, method: str, token: str) -> grpc.StatusCode:
    async with grpc.aio.insecure_channel(target) as channel:
        call: Any = channel.unary_unary(method)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"", metadata=[("authorization", f"Bearer {token}")])
    code: grpc.StatusCode = caught.value.code()
    return code


@pytest.mark.parametrize("method", METHODS)
async def test_only_listed_services_may_call_a_method(target: str, token_issuer: TokenIssuer, method: str) -> None:
    refused = {service: await _code(target, method, token_issuer.service_token(service)) for service in SERVICES}
    denied = grpc.StatusCode.PERMISSION_DENIED
    assert {service for service, code in refused.items() if code is not denied} == {
        service for service, allowed in ALLOWED if allowed == method
    }


def test_the_table_lists_every_method_of_the_contracts() -> None:
    assert set(CALLERS) == set(METHODS)
