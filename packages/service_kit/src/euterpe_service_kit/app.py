"""The app factory on which every service's `create_app` builds."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from euterpe_service_kit import health
from euterpe_service_kit.cross_site import CrossSiteMiddleware
from euterpe_service_kit.logs import configure_logging
from euterpe_service_kit.middleware import UNLOGGED, HttpMetrics, RequestContextMiddleware
from euterpe_service_kit.openapi import install_openapi, operation_id
from euterpe_service_kit.problems import install_problem_handlers, problem_responses
from euterpe_service_kit.rate_limit import RateLimitMiddleware
from euterpe_service_kit.request_body import BodyLimits, RequestBodyMiddleware
from euterpe_service_kit.security import MethodScopes
from euterpe_service_kit.settings import ServiceSettings
from euterpe_service_kit.tracing import configure_tracing, flush_spans, http_telemetry

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_base_app(
    service: str,
    settings: ServiceSettings,
    *,
    lifespan: Lifespan,
    description: str,
    scopes: MethodScopes | None = None,
    tags: Mapping[str, str] = MappingProxyType({}),
) -> FastAPI:
    """Create an app with health, metrics, request ids, limits and problem details; the service adds its routes.

    `scopes` are the scopes that an API key needs on routes that name none; without them, such routes refuse API keys.
    `tags` describe the groups of routes (name → sentence). Sets `app.state.registry` (the service's own Prometheus
    registry) and `app.state.readiness`.
    """
    configure_logging(service, level=settings.log_level, fmt=settings.log_format)
    configure_tracing(service, settings)
    app = FastAPI(
        title=f"Euterpe {service}",
        version="1",
        description=description,
        openapi_tags=[{"name": name, "description": text} for name, text in tags.items()],
        lifespan=_traced(lifespan),
        openapi_url=f"/api/v1/{service}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=problem_responses(422),
        generate_unique_id_function=operation_id,
        telemetry=http_telemetry(UNLOGGED),
    )
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    app.state.registry = registry
    app.state.readiness = health.Readiness()
    app.state.method_scopes = scopes
    install_problem_handlers(app)
    install_openapi(app)
    app.include_router(health.router)
    _add_metrics_route(app, registry)
    app.add_middleware(CrossSiteMiddleware)
    app.add_middleware(
        RateLimitMiddleware,
        per_token=settings.token_requests_per_minute,
        per_address=settings.address_requests_per_minute,
    )
    # Around the rate limit, whose refusals must not come before the end of a body either.
    app.add_middleware(RequestBodyMiddleware, limits=_body_limits(settings))
    app.add_middleware(RequestContextMiddleware, metrics=HttpMetrics(service, registry))
    return app


def _body_limits(settings: ServiceSettings) -> BodyLimits:
    return BodyLimits(
        max_bytes=settings.max_body_bytes,
        stall_seconds=settings.body_stall_seconds,
        total_seconds=settings.body_seconds,
        slow_per_network=settings.slow_bodies_per_network,
    )


def _traced(lifespan: Lifespan) -> Lifespan:
    @asynccontextmanager
    async def traced(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with lifespan(app):
                yield
        finally:
            await flush_spans()

    return traced


def _add_metrics_route(app: FastAPI, registry: CollectorRegistry) -> None:
    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
