"""Calls between services: tokens, request ids and errors, over a real channel and the committed stubs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2, library_pb2_grpc
from euterpe_service_kit import errors
from euterpe_service_kit.request_context import begin_request, request_id
from euterpe_service_kit.rpc_client import peer_channel, peer_errors
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.service_token import ServiceTokenSource
from euterpe_service_kit.settings import PeerSettings
from euterpe_service_kit.tokens import SERVICE, RemoteKeys, TokenVerifier
from euterpe_test_kit.issuer import TokenIssuer
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import SecretStr

REQUEST = library_pb2.ResolveArtifactRequest


@dataclass
class Library(library_pb2_grpc.LibraryServiceServicer):
    """Runs the behaviour that a test sets and records the request ids."""

    behaviour: Callable[[], Any] = library_pb2.ResolveArtifactResponse
    request_ids: list[str | None] = field(default_factory=list)

    async def ResolveArtifact(self, request: Any, context: Any) -> Any:  # noqa: N802 - the contract's name
        self.request_ids.append(request_id())
        return self.behaviour()


@dataclass
class Peers:
    """A server and its address."""

    library: Library
    target: str
    server: RpcServer


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest_asyncio.fixture
async def peers(token_issuer: TokenIssuer, http: httpx.AsyncClient) -> AsyncIterator[Peers]:
    server = RpcServer(TokenVerifier(RemoteKeys(token_issuer.jwks_url, http), SERVICE))
    library = Library()
    library_pb2_grpc.add_LibraryServiceServicer_to_server(library, server.server)
    port = await server.start("127.0.0.1", 0)
    yield Peers(library, f"127.0.0.1:{port}", server)
    await server.stop(0)


@pytest_asyncio.fixture
async def stub(peers: Peers, token_issuer: TokenIssuer, http: httpx.AsyncClient) -> AsyncIterator[Any]:
    async with peer_channel(peers.target, ServiceTokenSource(token_issuer.peer, http)) as channel:
        yield library_pb2_grpc.LibraryServiceStub(channel)


async def test_request_id_is_passed_on(stub: Any, peers: Peers) -> None:
    async def request(given: str) -> None:
        begin_request(given)
        await stub.ResolveArtifact(REQUEST())

    await asyncio.gather(*(asyncio.create_task(request(f"id-{number}")) for number in range(10)))
    assert sorted(peers.library.request_ids) == sorted(f"id-{number}" for number in range(10))


def _raising(error: Exception) -> Callable[[], Any]:
    def behaviour() -> Any:
        raise error

    return behaviour


@pytest.mark.parametrize(
    "error",
    [
        errors.NotFound("There is no such song."),
        errors.Conflict("It is there already."),
        errors.Unprocessable("length: at most 1000"),
        errors.PreconditionFailed("Another version."),
        errors.Forbidden("Not yours."),
        errors.TooManyRequests("Slower."),
        errors.Unavailable("Later."),
    ],
)
async def test_error_keeps_its_type(stub: Any, peers: Peers, error: errors.ServiceError) -> None:
    peers.library.behaviour = _raising(error)
    with pytest.raises(type(error)) as raised:
        async with peer_errors("library"):
            await stub.ResolveArtifact(REQUEST())
    if not isinstance(error, errors.Unavailable):
        assert raised.value.detail == error.detail


async def test_call_is_retried_when_the_peer_dies(stub: Any, peers: Peers) -> None:
    failures = iter([errors.Unavailable("Dying."), errors.Unavailable("Still dying.")])

    def dies_twice() -> Any:
        for failure in failures:
            raise failure
        return library_pb2.ResolveArtifactResponse()

    peers.library.behaviour = dies_twice
    await stub.ResolveArtifact(REQUEST())
    assert len(peers.library.request_ids) == 3


async def test_unexpected_error_is_not_shown_to_the_caller(stub: Any, peers: Peers) -> None:
    peers.library.behaviour = _raising(ValueError("secret inside"))
    with pytest.raises(errors.Unavailable) as raised:
        async with peer_errors("library"):
            await stub.ResolveArtifact(REQUEST())
    assert "secret" not in raised.value.detail
    assert isinstance(raised.value.__cause__, grpc.aio.AioRpcError)
    assert "secret" not in (raised.value.__cause__.details() or "")


async def _code(target: str, metadata: list[tuple[str, str]]) -> grpc.StatusCode:
    async with grpc.aio.insecure_channel(target) as channel:
        call = library_pb2_grpc.LibraryServiceStub(channel).ResolveArtifact(REQUEST(), metadata=metadata)
        return await call.code()


async def test_call_requires_a_service_token(peers: Peers, token_issuer: TokenIssuer) -> None:
    user = token_issuer.access_token("clara")
    expired = token_issuer.service_token(exp=1)
    elsewhere = token_issuer.service_token(aud="euterpe-api")
    forger = TokenIssuer()
    forged = forger.service_token()
    forger.close()
    for value in (
        None,
        "",
        "Bearer",
        "Bearer x",
        *(f"Bearer {token}" for token in (user, expired, elsewhere, forged)),
    ):
        metadata = [] if value is None else [("authorization", value)]
        assert await _code(peers.target, metadata) is grpc.StatusCode.UNAUTHENTICATED, value
    assert peers.library.request_ids == []
    good = [("authorization", f"Bearer {token_issuer.service_token()}")]
    assert await _code(peers.target, good) is grpc.StatusCode.OK


async def test_health_needs_no_token_and_fails_before_the_server_stops(peers: Peers) -> None:
    async with grpc.aio.insecure_channel(peers.target) as channel:
        response = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        assert response.status == health_pb2.HealthCheckResponse.SERVING


async def test_refused_service_token_is_unavailable(peers: Peers, http: httpx.AsyncClient) -> None:
    forger = TokenIssuer()
    async with peer_channel(peers.target, ServiceTokenSource(forger.peer, http)) as channel:
        with pytest.raises(errors.Unavailable):
            async with peer_errors("library"):
                await library_pb2_grpc.LibraryServiceStub(channel).ResolveArtifact(REQUEST())
    forger.close()


async def test_service_token_without_auth_is_unavailable(peers: Peers, http: httpx.AsyncClient) -> None:
    away = PeerSettings(token_url="http://127.0.0.1:9/token", client_id="x", client_secret=SecretStr("x"))
    async with peer_channel(peers.target, ServiceTokenSource(away, http)) as channel:
        with pytest.raises(errors.Unavailable):
            async with peer_errors("library"):
                await library_pb2_grpc.LibraryServiceStub(channel).ResolveArtifact(REQUEST())


async def test_unreachable_peer_is_unavailable(http: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    async with peer_channel("127.0.0.1:9", ServiceTokenSource(token_issuer.peer, http)) as channel:
        with pytest.raises(errors.Unavailable, match="library"):
            async with peer_errors("library"):
                await library_pb2_grpc.LibraryServiceStub(channel).ResolveArtifact(REQUEST())
