"""Wiring of the generator."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.background import LONG_TURN_SECONDS, BackgroundLoops
from euterpe_service_kit.database import Database
from euterpe_service_kit.database_metrics import READ_SECONDS, DatabaseMetrics
from euterpe_service_kit.midi_artifacts import MIDI_PREFIX
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.revocations import PULL_SECONDS, remote_revocations
from euterpe_service_kit.rpc_client import peer_channel
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.security import MethodScopes
from euterpe_service_kit.service_token import ServiceTokenSource
from euterpe_service_kit.tokens import ACCESS, SERVICE, RemoteKeys, TokenVerifier
from fastapi import FastAPI
from starlette.middleware import Middleware

from euterpe_generator.clients.bundles import bundle_source
from euterpe_generator.clients.classifiers import classifier_source
from euterpe_generator.clients.library import LibraryClient
from euterpe_generator.clients.pod import PodDeletionCost
from euterpe_generator.domain.clock import Clock, SystemClock
from euterpe_generator.metrics import Metrics
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.models.loader import ModelLoader
from euterpe_generator.routes import admin, comparisons, generations, listening, models
from euterpe_generator.routes.load_shedding import LoadSheddingMiddleware
from euterpe_generator.rpc.generator import SERVICE_NAME, GeneratorRpc
from euterpe_generator.services.failures import Failures
from euterpe_generator.services.generations import GenerationService, Limits
from euterpe_generator.services.listening import ListeningService
from euterpe_generator.services.live_events import LiveEvents
from euterpe_generator.services.ownership import OwnershipService
from euterpe_generator.services.progress_stream import ProgressStream
from euterpe_generator.services.request_resolution import RequestResolver
from euterpe_generator.services.storage_quota import StorageQuota
from euterpe_generator.services.stream_slots import StreamSlots
from euterpe_generator.settings import Settings
from euterpe_generator.storage.changes import ChangeFeed
from euterpe_generator.worker.finishing import Finisher
from euterpe_generator.worker.idleness import IdlenessReporter
from euterpe_generator.worker.object_sweep import ObjectSweeper
from euterpe_generator.worker.style_tagging import load_tagger
from euterpe_generator.worker.worker import Worker, WorkerOptions

#: Interval at which anonymous users' pieces are checked for expiry.
_EXPIRY_SECONDS = 600.0
#: Interval at which the worker checks whether it is idle.
_IDLENESS_SECONDS = 1.0
_DESCRIPTION = "Composes pieces. Generations are durable: once accepted, they survive crashes and restarts."
_TAGS = {
    "generations": "Create, follow, cancel and download generations.",
    "models": "Models that generations can use.",
    "listening": "The listening test: pairs of a piece by a person and a composed one.",
    "comparisons": "One seed and prompt composed with several variants of the parameters.",
}


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Build the app. Its lifespan opens and closes all resources."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _wire(app, settings, stack, clock or SystemClock())
            yield

    scopes = MethodScopes("generations:read", "generations:write")
    app = create_base_app("generator", settings, lifespan=lifespan, description=_DESCRIPTION, tags=_TAGS, scopes=scopes)
    # Innermost, so that rejected requests have an id, are counted, and count against the rate limit.
    app.user_middleware.append(Middleware(LoadSheddingMiddleware))
    app.state.settings = settings
    app.state.metrics = Metrics(app.state.registry)
    app.include_router(generations.router)
    app.include_router(models.router)
    app.include_router(comparisons.router)
    app.include_router(listening.router)
    app.include_router(admin.router)
    return app


async def _wire(app: FastAPI, settings: Settings, stack: AsyncExitStack, clock: Clock) -> None:
    http = await stack.enter_async_context(httpx.AsyncClient())
    database = Database(settings.database_url.get_secret_value(), schema="generator", pool_size=20, pre_ping=False)
    stack.push_async_callback(database.close)
    store = ObjectStore(settings.s3, threads=settings.finishers)
    stack.callback(store.close)
    keys, revocations = RemoteKeys(settings.jwks_url, http), remote_revocations(settings.jwks_url, http)
    changes = ChangeFeed(settings.database_url.get_secret_value())
    stack.callback(changes.close)
    loops = BackgroundLoops("generator", app.state.registry, app.state.readiness)
    stack.push_async_callback(loops.stop)
    changes.start(loops)
    database_metrics = DatabaseMetrics("generator", app.state.registry, database)
    loops.start("database_metrics", database_metrics.read, interval_seconds=READ_SECONDS)
    loops.start("revocations", revocations.refresh, interval_seconds=PULL_SECONDS)
    catalogue = Catalogue(default=settings.default_model, default_by_length=settings.default_model_by_length)
    await _start_loader(app, settings, loops, catalogue)
    limits = Limits(
        max_queued=settings.max_queued,
        always_queued=settings.always_queued,
        max_queue_seconds=settings.max_queue_seconds,
        classes=settings.class_limits,
    )
    tokens = ServiceTokenSource(settings.peer, http)
    channel = peer_channel(settings.library_target, tokens, tls=settings.rpc_tls_directory)
    stack.push_async_callback(channel.close, None)
    library = LibraryClient(channel)
    resolver = RequestResolver(catalogue, library, store)
    service = GenerationService(database, changes, resolver, StorageQuota(library), limits, clock)
    app.state.access_verifier = TokenVerifier(keys, ACCESS, revocations=revocations)
    app.state.store = store
    app.state.catalogue = catalogue
    live = LiveEvents()
    app.state.generations = service
    app.state.listening = ListeningService(database, store, catalogue, service)
    app.state.progress_stream = ProgressStream(database, store, changes, catalogue, live, clock)
    app.state.stream_slots = StreamSlots(
        per_user=settings.max_streams_per_user, anonymous=settings.max_streams_anonymous
    )
    app.state.readiness.add("database", database.ping)
    app.state.readiness.add("object_store", partial(store.ping, MIDI_PREFIX))
    app.state.readiness.add("models", catalogue.check)
    if settings.worker_enabled:
        await _start_worker(app, settings, stack, database, store, changes, library, live, loops)
    app.state.ownership = OwnershipService(database, changes)
    app.state.failures = Failures(database, changes)
    rpc = GeneratorRpc(app.state.ownership)
    app.state.service_verifier = TokenVerifier(keys, SERVICE)
    await _start_rpc(settings, stack, app.state.service_verifier, rpc)


async def _start_loader(app: FastAPI, settings: Settings, loops: BackgroundLoops, catalogue: Catalogue) -> None:
    loader = ModelLoader(
        bundle_source(settings.models_url, settings.s3, settings.models_cache),
        catalogue,
        app.state.metrics,
        slots=settings.slots,
        variant=settings.model_variant,
        max_models=settings.max_models,
        poll_seconds=settings.models_poll_seconds,
        require_gpu=settings.worker_enabled and settings.require_gpu,
    )
    app.state.metrics.watch_schedulers(catalogue.schedulers)
    app.state.metrics.watch_shares(catalogue.shares)
    await loader.start(loops)


async def _start_worker(
    app: FastAPI,
    settings: Settings,
    stack: AsyncExitStack,
    database: Database,
    store: ObjectStore,
    changes: ChangeFeed,
    library: LibraryClient,
    live: LiveEvents,
    loops: BackgroundLoops,
) -> None:
    # Rendering is pure computation under the GIL: more than one thread would only take turns.
    threads = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="finish"))
    options = WorkerOptions(
        worker_id=settings.worker_id,
        lease_seconds=settings.lease_seconds,
        poll_seconds=settings.poll_seconds,
        max_attempts=settings.max_attempts,
        capacity=settings.slots + settings.finishers,
        finishers=settings.finishers,
        model_patience_seconds=settings.model_patience_seconds,
    )
    tagger = await load_tagger(classifier_source(settings.models_url, settings.s3, settings.models_cache))
    finisher = Finisher(database, store, library, threads, tagger)
    worker = Worker(database, changes, app.state.catalogue, finisher, options, app.state.metrics, live, loops)
    await worker.start()
    objects = ObjectSweeper(database, store, library, app.state.metrics, settings.retention)
    loops.start("objects", objects.turn, interval_seconds=_EXPIRY_SECONDS, turn_seconds=LONG_TURN_SECONDS)
    if settings.pod_name:
        idleness = IdlenessReporter(lambda: worker.is_busy, PodDeletionCost(settings.pod_name).set, SystemClock())
        loops.start("idleness", idleness.turn, interval_seconds=_IDLENESS_SECONDS)
    app.state.readiness.add("engine", worker.check)
    stack.push_async_callback(worker.stop, settings.shutdown_grace_seconds)


async def _start_rpc(settings: Settings, stack: AsyncExitStack, verifier: TokenVerifier, rpc: GeneratorRpc) -> None:
    reflected = [SERVICE_NAME] if settings.grpc_reflection else []
    server = RpcServer(verifier, reflected=reflected, tls=settings.rpc_tls_directory)
    rpc.add_to(server)
    await server.start(settings.grpc_host, settings.grpc_port)
    stack.push_async_callback(server.stop, 5.0)
