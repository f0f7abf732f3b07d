"""Pure ASGI middleware: request id, access log and metrics."""

import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from euterpe_service_kit.problems import unexpected_error
from euterpe_service_kit.request_context import HEADER, begin_request
from euterpe_service_kit.tracing import hide_path

log = structlog.get_logger("euterpe.access")

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CONFIDENTIAL = "{token}"
#: Recorded but never sent: the client disconnected before the end of its request (nginx's status).
_CLIENT_CLOSED_REQUEST = 499
#: Paths that the platform requests at short intervals; they are not logged.
UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics"})


class HttpMetrics:
    """Requests by method, route template and status; their latency by method and route."""

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        prefix = f"euterpe_{service}_http"
        self.requests = Counter(
            f"{prefix}_requests_total", "HTTP requests answered.", ["method", "route", "status"], registry=registry
        )
        self.latency = Histogram(
            f"{prefix}_request_duration_seconds",
            "Time from the request's arrival to the end of its response.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )


class RequestContextMiddleware:
    """Bind and return the request id, measure the request, and write one line to the access log."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        rid = begin_request(Headers(scope=scope).get(HEADER))
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = rid
                if scope["app"].state.readiness.draining:
                    MutableHeaders(scope=message)["connection"] = "close"
                if _CONFIDENTIAL in (route := _route_template(scope)):
                    hide_path(route)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            # No client is left to receive a response, and the service did not fail: the gateway
            # disconnects when a body exceeds its limit.
            status = status or _CLIENT_CLOSED_REQUEST
        except Exception as error:
            if status:
                raise
            # Handled here, inside this middleware, so that the response carries the request id.
            response = await unexpected_error(Request(scope), error)
            await response(scope, receive, send_with_id)
        finally:
            self._record(scope, status or 500, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], _route_template(scope)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.latency.labels(method, route).observe(seconds)
        if scope["path"] not in UNLOGGED:
            # A token in a path is a credential and must not be logged.
            path = route if _CONFIDENTIAL in route else scope["path"]
            log.info("request", method=method, path=path, status=status, ms=round(seconds * 1000, 2))


def _route_template(scope: Scope) -> str:
    # Paths contain ids; with a label per id, the number of series would be unbounded.
    route: Any = scope.get("route")
    return str(getattr(route, "path", "unmatched"))
