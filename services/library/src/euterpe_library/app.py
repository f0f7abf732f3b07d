"""All wiring of the library in one place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx
import structlog
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.database import Database
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.security import MethodScopes
from euterpe_service_kit.tokens import ACCESS, SERVICE, RemoteKeys, TokenVerifier
from fastapi import FastAPI

from euterpe_library.routes import explore, files, playlists, shares, social, songs
from euterpe_library.rpc.library import LibraryRpc
from euterpe_library.services.erasure import Erasure
from euterpe_library.services.export import Exporter
from euterpe_library.services.imports import Importer
from euterpe_library.settings import Settings

log = structlog.get_logger(__name__)

DESCRIPTION = "Songs: list, search, change, share and discuss them, collect them in playlists, download them as MIDI."
SCOPES = MethodScopes(read="songs:read", write="songs:write")
#: A plan that is good for a rare word is bad for a common one, so none is kept; and searches are too short for workers
#: and compilers to be worth their start. Bitmaps of a million songs stay exact.
_SEARCHING = {
    "plan_cache_mode": "force_custom_plan",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "work_mem": "32MB",
    # What is searched lies in memory, or on a disk without a head to move.
    "random_page_cost": "1.1",
}
ROUTERS = (songs.router, explore.router, shares.router, shares.opened, social.router, playlists.router, files.router)
_TAGS = {
    "songs": "The listener's songs, and any song that one may see.",
    "explore": "What others have published.",
    "sharing": "Links for people without an account.",
    "likes": "Songs that one likes.",
    "comments": "What is said about a song.",
    "authors": "Who publishes, and whom one follows.",
    "playlists": "Songs in an order of one's own.",
    "files": "MIDI files in, whole libraries out.",
}


def create_app(settings: Settings) -> FastAPI:
    """The library's HTTP app; its lifespan also runs the gRPC server, whose port is `app.state.grpc_port`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _open(app, settings, stack)
            yield

    app = create_base_app("library", settings, lifespan=lifespan, description=DESCRIPTION, tags=_TAGS, scopes=SCOPES)
    for router in ROUTERS:
        app.include_router(router)
    return app


async def _open(app: FastAPI, settings: Settings, stack: AsyncExitStack) -> None:
    state = app.state
    state.database = Database(
        settings.database_url.get_secret_value(),
        schema="library",
        pool_size=settings.database_pool_size,
        pre_ping=False,
        options=_SEARCHING,
        query_cache_size=100,
    )
    stack.push_async_callback(state.database.close)
    state.object_store = ObjectStore(settings.s3)
    stack.callback(state.object_store.close)
    state.readiness.add("database", state.database.ping)
    state.readiness.add("object_store", state.object_store.ping)
    keys = RemoteKeys(settings.jwks_url, await stack.enter_async_context(httpx.AsyncClient()))
    state.access_verifier = TokenVerifier(keys, ACCESS)
    state.importer = Importer(state.database, state.object_store)
    state.exporter = Exporter(state.database, state.object_store)
    state.erasure = Erasure(state.database, state.object_store)
    sweeping = asyncio.create_task(state.erasure.run(settings.sweep_seconds))
    stack.push_async_callback(_stopped, sweeping)
    server = RpcServer(TokenVerifier(keys, SERVICE))
    rpc = LibraryRpc(state.database, state.object_store, state.erasure, state.registry)
    rpc.add_to(server)
    state.grpc_port = await server.start(settings.grpc_host, settings.grpc_port)
    # Entered last, so stopped first: running calls still have their database.
    stack.push_async_callback(server.stop, settings.shutdown_grace_seconds)
    log.info("grpc_listening", host=settings.grpc_host, port=state.grpc_port)


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
