"""Wiring of the library's HTTP app and gRPC server."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx
import structlog
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.background import LONG_TURN_SECONDS, BackgroundLoops
from euterpe_service_kit.database import Database
from euterpe_service_kit.database_metrics import READ_SECONDS, DatabaseMetrics
from euterpe_service_kit.midi_artifacts import MIDI_PREFIX
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.revocations import PULL_SECONDS, remote_revocations
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.security import MethodScopes
from euterpe_service_kit.tokens import ACCESS, SERVICE, RemoteKeys, TokenVerifier
from fastapi import FastAPI

from euterpe_library.clients.webhooks import WebhookClient
from euterpe_library.routes import (
    admin,
    explore,
    files,
    moderation,
    notifications,
    playlists,
    profiles,
    shares,
    social,
    songs,
    versions,
    webhooks,
)
from euterpe_library.rpc.library import LibraryRpc
from euterpe_library.services.erasure import Erasure
from euterpe_library.services.export import Exporter
from euterpe_library.services.imports import Importer
from euterpe_library.services.moderation import Moderation
from euterpe_library.services.notifications import NotificationStream
from euterpe_library.services.profiles import Pictures
from euterpe_library.services.versions import VersionEditor
from euterpe_library.services.webhooks import TURN_SECONDS, Webhooks
from euterpe_library.settings import Settings
from euterpe_library.storage.announcements import Announcements

log = structlog.get_logger(__name__)

DESCRIPTION = "Songs: list, search, edit, share and comment on them, organise them in playlists, download them as MIDI."
SCOPES = MethodScopes(read="songs:read", write="songs:write")
#: PostgreSQL settings for searches. A cached plan that suits a rare word is bad for a common one. Searches are too
#: short for parallel workers and JIT compilation. With this memory, bitmaps of a million songs stay exact.
_SEARCH_SETTINGS = {
    "plan_cache_mode": "force_custom_plan",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "work_mem": "32MB",
    # Searched data is in memory, or on a disk without seek times.
    "random_page_cost": "1.1",
}
ROUTERS = (
    songs.router,
    versions.router,
    explore.router,
    shares.router,
    shares.link_router,
    social.router,
    playlists.router,
    profiles.router,
    notifications.router,
    moderation.router,
    webhooks.router,
    files.router,
    admin.router,
)
_TAGS = {
    "songs": "Your songs, and songs that you may read.",
    "versions": "Notes of songs, and the versions of edited songs.",
    "explore": "Public songs.",
    "sharing": "Share links for people without an account.",
    "likes": "Likes.",
    "comments": "Comments on songs.",
    "authors": "Authors, following them, and blocking users.",
    "playlists": "Playlists.",
    "notifications": "What happened around your songs and comments.",
    "webhooks": "Addresses of API clients that receive events.",
    "moderation": "Reported comments, bans and their log, for moderators.",
    "files": "Import of MIDI files, and export of the whole library.",
}


def create_app(settings: Settings) -> FastAPI:
    """Create the library's HTTP app. Its lifespan also runs the gRPC server, whose port is `app.state.grpc_port`."""

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
        options=_SEARCH_SETTINGS,
        query_cache_size=100,
    )
    stack.push_async_callback(state.database.close)
    state.object_store = ObjectStore(settings.s3)
    stack.callback(state.object_store.close)
    state.readiness.add("database", state.database.ping)
    state.readiness.add("object_store", partial(state.object_store.ping, MIDI_PREFIX))
    http = await stack.enter_async_context(httpx.AsyncClient())
    keys, revocations = RemoteKeys(settings.jwks_url, http), remote_revocations(settings.jwks_url, http)
    state.access_verifier = TokenVerifier(keys, ACCESS, revocations=revocations)
    state.importer = Importer(state.database, state.object_store, settings.quotas)
    state.version_editor = VersionEditor(state.database, state.object_store, settings.quotas)
    state.exporter = Exporter(state.database, state.object_store)
    state.pictures = Pictures(state.database, state.object_store)
    state.quotas = settings.quotas
    state.erasure = Erasure(state.database, state.object_store)
    loops = BackgroundLoops("library", state.registry, state.readiness)
    client = WebhookClient(settings.webhook_networks)
    stack.push_async_callback(client.close)
    announcements = Announcements(settings.database_url.get_secret_value())
    stack.callback(announcements.close)
    # Stopped before the connection closes.
    stack.push_async_callback(loops.stop)
    announcements.start(loops)
    state.notification_stream = NotificationStream(state.database, announcements)
    state.webhooks = Webhooks(state.database, client)
    loops.start("webhooks", state.webhooks.turn, interval_seconds=TURN_SECONDS)
    loops.start("revocations", revocations.refresh, interval_seconds=PULL_SECONDS)
    loops.start(
        "erasure",
        state.erasure.sweep_all,
        interval_seconds=settings.sweep_seconds,
        turn_seconds=LONG_TURN_SECONDS,
    )
    metrics = DatabaseMetrics("library", state.registry, state.database)
    loops.start("database_metrics", metrics.read, interval_seconds=READ_SECONDS)
    state.moderation = Moderation(state.database)
    state.service_verifier = TokenVerifier(keys, SERVICE)
    server = RpcServer(state.service_verifier, tls=settings.rpc_tls_directory)
    rpc = LibraryRpc(state.database, state.object_store, state.erasure, settings.quotas, state.registry)
    rpc.add_to(server)
    state.grpc_port = await server.start(settings.grpc_host, settings.grpc_port)
    # Entered last, so stopped first: running calls still have their database.
    stack.push_async_callback(server.stop, settings.shutdown_grace_seconds)
    log.info("grpc_listening", host=settings.grpc_host, port=state.grpc_port)
