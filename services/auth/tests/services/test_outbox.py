"""What the library and the generator have to be told, over real gRPC, with peers that may be away."""

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
from euterpe_auth.services.outbox import PeerTasks
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.rpc_client import peer_channel
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.tokens import SERVICE, TokenVerifier
from prometheus_client import CollectorRegistry


class Library(LibraryServiceServicer):
    """Keeps what it was told; `failures` are what the next calls come to."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.pieces = 1
        self.failures: deque[Exception] = deque()

    async def DeleteListener(self, request: pb.DeleteListenerRequest, _: Any) -> pb.DeleteListenerResponse:  # noqa: N802
        self._note(request)
        self.pieces -= 1
        return pb.DeleteListenerResponse(done=self.pieces <= 0, songs=1)

    async def TransferSongs(self, request: pb.TransferSongsRequest, _: Any) -> pb.TransferSongsResponse:  # noqa: N802
        self._note(request)
        return pb.TransferSongsResponse(songs=1)

    def _note(self, request: Any) -> None:
        if self.failures:
            raise self.failures.popleft()
        self.told.append(request)


class Generator(GeneratorServiceServicer):
    """Keeps what it was told, and counts the pieces that are left."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.pieces = 1

    async def DeleteListener(self, request: gpb.DeleteListenerRequest, _: Any) -> gpb.DeleteListenerResponse:  # noqa: N802
        self.told.append(request)
        self.pieces -= 1
        return gpb.DeleteListenerResponse(done=self.pieces <= 0, generations=1)

    async def TransferGenerations(  # noqa: N802
        self, request: gpb.TransferGenerationsRequest, _: Any
    ) -> gpb.TransferGenerationsResponse:
        self.told.append(request)
        self.pieces -= 1
        return gpb.TransferGenerationsResponse(done=self.pieces <= 0, generations=1)


@pytest.fixture
def generator() -> Generator:
    return Generator()


@pytest_asyncio.fixture
async def library(settings: Any, clock: Any, generator: Generator) -> AsyncIterator[tuple[Library, str]]:
    """A library, and a generator beside it, that accept auth's own service tokens, and where they listen."""
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
async def tasks_of(settings: Any, clock: Any) -> AsyncIterator[Callable[[str], PeerTasks]]:
    """The tasks of one more process, whose peers are said to listen at a target."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url.get_secret_value(), schema="auth")
        stack.push_async_callback(database.close)
        ring = KeyRing(database, settings.key_encryption_key.get_secret_value(), clock)
        signer = TokenSigner(ring, clock, access_seconds=600, service_seconds=600)

        def start(target: str) -> PeerTasks:
            channel = peer_channel(target, OwnServiceToken(signer))
            stack.push_async_callback(channel.close, None)
            peers = (GeneratorClient(channel), LibraryClient(channel))
            return PeerTasks(database, peers, AuthMetrics(CollectorRegistry()), clock)

        yield start


async def _delete_account(listener: Any) -> str:
    access = (await listener.tokens())["access_token"]
    user_id = str((await listener.me(access)).json()["id"])
    assert (
        await listener.call("POST", "/me/deletion", access, json={"password": listener.password})
    ).status_code == 202
    return user_id


async def _until_empty(rows: Any) -> None:
    async with asyncio.timeout(20):
        while await rows("SELECT 1 FROM peer_tasks"):
            await asyncio.sleep(0.05)


async def test_a_deletion_goes_on_until_nothing_is_left(
    replica: Any, library: Any, generator: Generator, listener_of: Any, rows: Any
) -> None:
    servicer, target = library
    servicer.pieces, generator.pieces = 3, 2
    async with replica(library_target=target, generator_target=target) as client:
        user_id = await _delete_account(listener_of(client))
        await _until_empty(rows)
        assert [request.listener_id for request in generator.told] == [user_id] * 2
        assert [request.listener_id for request in servicer.told] == [user_id] * 3


async def test_a_deletion_waits_for_a_library_that_is_away(
    client: Any, library: Any, listener: Any, rows: Any, tasks_of: Any, clock: Any
) -> None:
    servicer, target = library
    user_id = await _delete_account(listener)
    away = tasks_of("127.0.0.1:1")
    assert await away.work_one()
    assert not await away.work_one()
    # That process is gone, and another one, later, finds the task.
    clock.advance(seconds=3)
    assert await tasks_of(target).work_one()
    assert [request.listener_id for request in servicer.told] == [user_id]
    assert await rows("SELECT 1 FROM peer_tasks") == []


async def test_a_failure_in_the_middle_is_no_end(
    client: Any, library: Any, listener: Any, rows: Any, tasks_of: Any, clock: Any
) -> None:
    servicer, target = library
    servicer.pieces = 2
    # Away for as often as a call is repeated by itself, and then broken.
    servicer.failures += [*[Unavailable("not now")] * 4, RuntimeError("a bug")]
    await _delete_account(listener)
    tasks = tasks_of(target)
    for pause in (2, 4):
        assert await tasks.work_one()
        clock.advance(seconds=pause - 0.5)
        assert not await tasks.work_one()
        clock.advance(seconds=0.6)
    assert await tasks.work_one()
    assert len(servicer.told) == 2
    assert await rows("SELECT 1 FROM peer_tasks") == []


async def test_a_process_that_dies_at_work_keeps_the_task_for_two_minutes_only(
    client: Any, library: Any, listener: Any, rows: Any, tasks_of: Any, clock: Any
) -> None:
    servicer, target = library
    await _delete_account(listener)
    dying = asyncio.create_task(tasks_of("192.0.2.1:9").work_one())
    async with asyncio.timeout(20):
        while not await rows("SELECT 1 FROM peer_tasks WHERE attempts = 1"):
            await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert not await tasks_of(target).work_one()
    clock.advance(minutes=2, seconds=1)
    assert await tasks_of(target).work_one()
    assert len(servicer.told) == 1


async def test_a_guest_s_pieces_are_given_twice(
    client: Any, library: Any, generator: Generator, listener: Any, rows: Any, tasks_of: Any, clock: Any
) -> None:
    """Once at once, and once more for what a generation in progress, or the guest's last token, added afterwards."""
    servicer, target = library
    access, guest = (await listener.tokens())["access_token"], await listener.guest()
    await listener.call("POST", "/me/claims", access, json={"guest_token": guest["access_token"]})
    tasks = tasks_of(target)
    assert await tasks.work_one()
    clock.advance(minutes=59)
    assert not await tasks.work_one()
    clock.advance(minutes=2)
    assert await tasks.work_one()
    assert await rows("SELECT 1 FROM peer_tasks") == []
    first, second = servicer.told
    assert first == second
    user_id = (await listener.me(access)).json()["id"]
    assert (first.author, first.to_listener_id) == ("Clara", user_id)
    assert [(told.to_listener_name, told.to_listener_id) for told in generator.told] == [("Clara", user_id)] * 2
    assert {told.from_listener_id for told in generator.told} == {first.from_listener_id}


@pytest.fixture
def housekeeping(settings: Any, clock: Any) -> Housekeeping:
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    tasks = PeerTasks(database, (), AuthMetrics(CollectorRegistry()), clock)
    return Housekeeping(database, tasks, clock, session_seconds=30 * 86_400, security_event_days=365)


async def test_what_nobody_needs_any_more_goes(
    listener: Any, client: Any, housekeeping: Housekeeping, rows: Any, clock: Any
) -> None:
    access = (await listener.tokens())["access_token"]
    await listener.call("POST", "/api-keys", access, json={"name": "x", "scopes": ["songs:read"], "expires_in_days": 1})
    await listener.log_in(password="op. 8")
    guest = await listener.guest()
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
    """The stand-in is guarded as the real one is, so what the tests above show includes auth's own service token."""
    from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub

    async with grpc.aio.insecure_channel(library[1]) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await LibraryServiceStub(channel).DeleteListener(pb.DeleteListenerRequest(listener_id="x"))
    assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
