"""Pure ASGI middleware: request id, access log and metrics; and the limit on request bodies."""

import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from euterpe_service_kit.errors import PayloadTooLarge
from euterpe_service_kit.problems import problem_response, unexpected_error
from euterpe_service_kit.request_context import HEADER, begin_request
from euterpe_service_kit.tracing import hide_path

log = structlog.get_logger("euterpe.access")

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CONFIDENTIAL = "{token}"
#: Asked by the platform itself, all the time.
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
            "Time from the request's arrival to the end of its answer.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )


class RequestContextMiddleware:
    """Binds the request id, echoes it, counts and times the request, and writes one access line."""

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
        except Exception as error:
            if status:
                raise
            # Answered here, and not further out, so that a failure carries the request id, too.
            response = await unexpected_error(Request(scope), error)
            await response(scope, receive, send_with_id)
        finally:
            self._record(scope, status or 500, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], _route_template(scope)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.latency.labels(method, route).observe(seconds)
        if scope["path"] not in UNLOGGED:
            # A token in a path opens what it leads to for whoever reads the log.
            path = route if _CONFIDENTIAL in route else scope["path"]
            log.info("request", method=method, path=path, status=status, ms=round(seconds * 1000, 2))


def _route_template(scope: Scope) -> str:
    # Paths hold ids; a label per id would grow without bound.
    route: Any = scope.get("route")
    return str(getattr(route, "path", "unmatched"))


class BodyLimitMiddleware:
    """Refuses bodies over the limit: by Content-Length before reading, by counting when that is absent."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            await self._refuse(scope, receive, send)
            return
        seen = 0
        started = False

        async def counted_receive() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise _BodyTooLarge
            return message

        async def watched_send(message: Message) -> None:
            nonlocal started
            # FastAPI answers any error while it reads a body with 400; the answer to this one is ours.
            if started or seen <= self._max_bytes:
                started = True
                await send(message)

        try:
            await self._app(scope, counted_receive, watched_send)
        except _BodyTooLarge:
            if started:
                raise
        if seen > self._max_bytes and not started:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = PayloadTooLarge(f"The request body is larger than the limit of {self._max_bytes} bytes.")
        response = problem_response(Request(scope), error, {"Connection": "close"})
        await response(scope, receive, send)


class _BodyTooLarge(Exception):
    pass
