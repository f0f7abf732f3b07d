"""Outbox tasks for the library and the generator, over gRPC, with peers that may be unavailable."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
import pytest_asyncio
from euterpe.generator.v1 import generator_pb2 as gpb
from euterpe.generator.v1.generator_pb2_grpc import (
    GeneratorServiceServicer,
    add_GeneratorServiceServicer_to_server,
)
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceServicer, add_LibraryServiceServicer_to_server
from euterpe_auth.clients.generator import GeneratorClient
from euterpe_auth.clients.library import LibraryClient
from euterpe_auth.services.housekeeping import Housekeeping
from euterpe_auth.services.jwts import OwnServiceToken, TokenSigner
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.outbox import Outbox
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.rpc_client import peer_channel
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.tokens import SERVICE, TokenVerifier
from prometheus_client import CollectorRegistry


class Library(LibraryServiceServicer):
    """A fake library that records requests; `failures` are raised by the next calls."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.remaining_calls = 1
        self.failures: deque[Exception] = deque()

    async def DeleteListener(self, request: pb.DeleteListenerRequest, _: Any) -> pb.DeleteListenerResponse:  # noqa: N802
        self._record(request)
        self.remaining_calls -= 1
        return pb.DeleteListenerResponse(done=self.remaining_calls <= 0, songs=1)

    async def TransferSongs(self, request: pb.TransferSongsRequest, _: Any) -> pb.TransferSongsResponse:  # noqa: N802
        self._record(request)
        return pb.TransferSongsResponse(songs=1)

    def _record(self, request: Any) -> None:
        if self.failures:
            raise self.failures.popleft()
        self.requests.append(request)


class Generator(GeneratorServiceServicer):
    """A fake generator that records requests, and counts remaining calls."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.remaining_calls = 1

    async def DeleteListener(self, request: gpb.DeleteListenerRequest, _: Any) -> gpb.DeleteListenerResponse:  # noqa: N802
        self.requests.append(request)
        self.remaining_calls -= 1
        return gpb.DeleteListenerResponse(done=self.remaining_calls <= 0, generations=1)

    async def TransferGenerations(  # noqa: N802
        self, request: gpb.TransferGenerationsRequest, _: Any
    ) -> gpb.TransferGenerationsResponse:
        self.requests.append(request)
        self.remaining_calls -= 1
        return gpb.TransferGenerationsResponse(done=self.remaining_calls <= 0, generations=1)


@pytest.fixture
def generator() -> Generator:
    return Generator()


@pytest_asyncio.fixture
async def library(settings: Any, clock: Any, generator: Generator) -> AsyncIterator[tuple[Library, str]]:
    """A library and a generator that accept auth's service tokens, and their target."""
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    ring = KeyRing(database, settings.key_encryption_key.get_secret_value(), clock)
    server, servicer = RpcServer(TokenVerifier(ring, SERVICE)), Library()
    add_LibraryServiceServicer_to_server(servicer, server.server)
    add_GeneratorServiceServicer_to_server(generator, server.server)
    port = await server.start("127.0.0.1", 0)
    yield servicer, f"127.0.0.1:{port}"
    await server.stop(0)
    await database.close()


@pytest_asyncio.fixture
async def make_outbox(settings: Any, clock: Any) -> AsyncIterator[Callable[[str], Outbox]]:
    """Make the outbox of another process, whose peers have this target."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url.get_secret_value(), schema="auth")
        stack.push_async_callback(database.close)
        ring = KeyRing(database, settings.key_encryption_key.get_secret_value(), clock)
        signer = TokenSigner(ring, clock, access_seconds=600, service_seconds=600)

        def start(target: str) -> Outbox:
            channel = peer_channel(target, OwnServiceToken(signer))
            stack.push_async_callback(channel.close, None)
            peers = (GeneratorClient(channel), LibraryClient(channel))
            return Outbox(database, peers, AuthMetrics(CollectorRegistry()), clock)

        yield start


async def _delete_account(user: Any) -> str:
    access = (await user.tokens())["access_token"]
    user_id = str((await user.me(access)).json()["id"])
    assert (await user.call("POST", "/me/deletion", access, json={"password": user.password})).status_code == 202
    return user_id


async def _until_empty(rows: Any) -> None:
    async with asyncio.timeout(20):
        while await rows("SELECT 1 FROM peer_tasks"):
            await asyncio.sleep(0.05)


async def test_a_deletion_is_repeated_until_it_is_done(
    replica: Any, library: Any, generator: Generator, make_user: Any, rows: Any
) -> None:
    servicer, target = library
    servicer.remaining_calls, generator.remaining_calls = 3, 2
    async with replica(library_target=target, generator_target=target) as client:
        user_id = await _delete_account(make_user(client))
        await _until_empty(rows)
        assert [request.listener_id for request in generator.requests] == [user_id] * 2
        assert [request.listener_id for request in servicer.requests] == [user_id] * 3


async def test_a_deletion_is_retried_after_the_library_was_unavailable(
    client: Any, library: Any, user: Any, rows: Any, make_outbox: Any, clock: Any
) -> None:
    servicer, target = library
    user_id = await _delete_account(user)
    unreachable = make_outbox("127.0.0.1:1")
    assert await unreachable.run_one()
    assert not await unreachable.run_one()
    # Another process executes the task later.
    clock.advance(seconds=3)
    assert await make_outbox(target).run_one()
    assert [request.listener_id for request in servicer.requests] == [user_id]
    assert await rows("SELECT 1 FROM peer_tasks") == []


async def test_a_failing_task_is_retried_with_backoff(
    client: Any, library: Any, user: Any, rows: Any, make_outbox: Any, clock: Any
) -> None:
    servicer, target = library
    servicer.remaining_calls = 2
    # Unavailable for all retries of the client, and then an unexpected error.
    servicer.failures += [*[Unavailable("not now")] * 4, RuntimeError("a bug")]
    await _delete_account(user)
    outbox = make_outbox(target)
    for pause in (2, 4):
        assert await outbox.run_one()
        clock.advance(seconds=pause - 0.5)
        assert not await outbox.run_one()
        clock.advance(seconds=0.6)
    assert await outbox.run_one()
    assert len(servicer.requests) == 2
    assert await rows("SELECT 1 FROM peer_tasks") == []


async def test_the_task_of_a_dead_process_is_released_after_two_minutes(
    client: Any, library: Any, user: Any, rows: Any, make_outbox: Any, clock: Any
) -> None:
    servicer, target = library
    await _delete_account(user)
    dying = asyncio.create_task(make_outbox("192.0.2.1:9").run_one())
    async with asyncio.timeout(20):
        while not await rows("SELECT 1 FROM peer_tasks WHERE attempts = 1"):
            await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert not await make_outbox(target).run_one()
    clock.advance(minutes=2, seconds=1)
    assert await make_outbox(target).run_one()
    assert len(servicer.requests) == 1


async def test_a_guests_songs_are_transferred_twice(
    client: Any, library: Any, generator: Generator, user: Any, rows: Any, make_outbox: Any, clock: Any
) -> None:
    """Immediately, and again for songs that a generation in progress or the guest's last token added."""
    servicer, target = library
    access, guest = (await user.tokens())["access_token"], await user.guest()
    await user.call("POST", "/me/claims", access, json={"guest_token": guest["access_token"]})
    outbox = make_outbox(target)
    assert await outbox.run_one()
    clock.advance(minutes=59)
    assert not await outbox.run_one()
    clock.advance(minutes=2)
    assert await outbox.run_one()
    assert await rows("SELECT 1 FROM peer_tasks") == []
    first, second = servicer.requests
    assert first == second
    user_id = (await user.me(access)).json()["id"]
    assert (first.author, first.to_listener_id) == ("Clara", user_id)
    assert [(request.to_listener_name, request.to_listener_id) for request in generator.requests] == [
        ("Clara", user_id)
    ] * 2
    assert {request.from_listener_id for request in generator.requests} == {first.from_listener_id}


@pytest.fixture
def housekeeping(settings: Any, clock: Any) -> Housekeeping:
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    outbox = Outbox(database, (), AuthMetrics(CollectorRegistry()), clock)
    return Housekeeping(database, outbox, clock, session_seconds=30 * 86_400, security_event_days=365)


async def test_housekeeping_deletes_expired_data(
    user: Any, client: Any, housekeeping: Housekeeping, rows: Any, clock: Any
) -> None:
    access = (await user.tokens())["access_token"]
    await user.call("POST", "/api-keys", access, json={"name": "x", "scopes": ["songs:read"], "expires_in_days": 1})
    await user.log_in(password="op. 8")
    guest = await user.guest()
    await housekeeping.clean()
    assert len(await rows("SELECT 1 FROM users")) == len(await rows("SELECT 1 FROM sessions")) == 2
    clock.advance(days=30, hours=1)
    await housekeeping.clean()
    assert await rows("SELECT 1 FROM sessions") == await rows("SELECT 1 FROM attempts") == []
    assert len(await rows("SELECT 1 FROM users")) == 2
    assert len(await rows("SELECT 1 FROM api_keys")) == 1
    clock.advance(days=1)
    await housekeeping.clean()
    assert [row[0] for row in await rows("SELECT username FROM users")] == ["Clara"]
    assert await rows("SELECT 1 FROM api_keys") == []
    assert [row[0] for row in await rows("SELECT kind FROM peer_tasks")] == ["delete_listener"]
    assert len(await rows("SELECT 1 FROM security_events")) == 4
    clock.advance(days=340)
    await housekeeping.clean()
    assert await rows("SELECT 1 FROM security_events") == []
    assert guest["access_token"]


async def test_a_call_without_a_token_is_refused(library: Any) -> None:
    """The fake library checks tokens, so the tests above include auth's service token."""
    from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub

    async with grpc.aio.insecure_channel(library[1]) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await LibraryServiceStub(channel).DeleteListener(pb.DeleteListenerRequest(listener_id="x"))
    assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
