"""The gRPC contract, over a real channel."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import grpc
import httpx
import pytest
from euterpe.generator.v1 import generator_pb2 as pb
from euterpe.generator.v1.generator_pb2_grpc import GeneratorServiceStub
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_stack.ports import free_port
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc


class Generator(NamedTuple):
    client: httpx.AsyncClient
    target: str


@pytest.fixture
async def generator(settings: Settings) -> AsyncIterator[Generator]:
    port = free_port()
    async with running_client(create_app(settings.model_copy(update={"grpc_port": port}))) as client:
        yield Generator(client, f"127.0.0.1:{port}")


@pytest.mark.parametrize("kind", ["none", "user"])
async def test_only_service_tokens_are_accepted(generator: Generator, token_issuer: TokenIssuer, kind: str) -> None:
    metadata = [("authorization", f"Bearer {token_issuer.access_token('anna')}")] if kind == "user" else []
    request = pb.DeleteListenerRequest(listener_id="anna")
    async with grpc.aio.insecure_channel(generator.target) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await GeneratorServiceStub(channel).DeleteListener(request, metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def _reflected(target: str) -> set[str]:
    async with grpc.aio.insecure_channel(target) as channel:
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([request]))
        return {service.name async for answer in call for service in answer.list_services_response.service}


async def test_health_is_served_without_a_token_and_reflection_is_off(generator: Generator) -> None:
    async with grpc.aio.insecure_channel(generator.target) as channel:
        health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await _reflected(generator.target)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_setting_turns_reflection_on(settings: Settings) -> None:
    port = free_port()
    changes = {"grpc_port": port, "grpc_reflection": True, "worker_enabled": False}
    async with running_client(create_app(settings.model_copy(update=changes))):
        assert "euterpe.generator.v1.GeneratorService" in await _reflected(f"127.0.0.1:{port}")


async def test_generations_are_transferred_and_deleted(generator: Generator, token_issuer: TokenIssuer) -> None:
    created = await generator.client.post(
        "/api/v1/generations",
        json={"seed": 3, "length": 20},
        headers=token_issuer.headers("guest", "Guest") | {"Prefer": "wait=20"},
    )
    path = created.headers["location"]
    metadata = [("authorization", f"Bearer {token_issuer.service_token('auth')}")]
    async with grpc.aio.insecure_channel(generator.target) as channel:
        stub = GeneratorServiceStub(channel)
        names = {"from_listener_id": "guest", "to_listener_id": "anna", "to_listener_name": "Anna"}
        for expected in (1, 0):
            moved = await stub.TransferGenerations(pb.TransferGenerationsRequest(**names), metadata=metadata)
            assert (moved.generations, moved.done) == (expected, True)
        assert (await generator.client.get(path, headers=token_issuer.headers("anna"))).status_code == 200
        assert (await generator.client.get(path, headers=token_issuer.headers("guest"))).status_code == 404
        for expected in (1, 0):
            deleted = await stub.DeleteListener(pb.DeleteListenerRequest(listener_id="anna"), metadata=metadata)
            assert (deleted.generations, deleted.done) == (expected, True)
        assert (await generator.client.get(path, headers=token_issuer.headers("anna"))).status_code == 404
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.DeleteListener(pb.DeleteListenerRequest(), metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
