"""Pure ASGI middleware: request id, access log and metrics."""

import re
import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from euterpe_service_kit.problems import unexpected_error
from euterpe_service_kit.request_context import HEADER, begin_request
from euterpe_service_kit.tracing import hide_path, hide_query

log = structlog.get_logger("euterpe.access")

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CONFIDENTIAL = "{token}"
#: A segment of this form may be a token (also a percent-encoded, shortened or extended one), unless it is a UUID.
_TOKEN_LIKE = re.compile(r"[\w%.~-]{20,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[a-z0-9]{1,5})?", re.IGNORECASE)
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
    """Bind and return the request id, set safe headers, measure the request, and write one line to the access log."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        given = Headers(scope=scope)
        rid = begin_request(given.get(HEADER))
        # Routes whose responses may be stored say so.
        is_private = "authorization" in given or "cookie" in given
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _set_headers(MutableHeaders(scope=message), rid, is_private=is_private)
                if scope["app"].state.readiness.draining:
                    MutableHeaders(scope=message)["connection"] = "close"
                _hide_secrets(scope)
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
            path = route if _CONFIDENTIAL in route else redacted_path(scope["path"])
            log.info("request", method=method, path=path, status=status, ms=round(seconds * 1000, 2))


def _set_headers(headers: MutableHeaders, rid: str, *, is_private: bool) -> None:
    headers[HEADER] = rid
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if is_private:
        headers.setdefault("Cache-Control", "no-store")


def _hide_secrets(scope: Scope) -> None:
    """Remove tokens in the path or the query from the span of the request."""
    if _CONFIDENTIAL in (route := _route_template(scope)):
        hide_path(route)
    elif scope["query_string"]:
        # It may contain the token of a share link, as players and previews send no headers.
        hide_query()


def redacted_path(path: str) -> str:
    """Return a path without segments that could be tokens, for requests that no route has matched."""
    return "/".join("…" if _is_secret(segment) else segment for segment in path.split("/"))


def _is_secret(segment: str) -> bool:
    return bool(_TOKEN_LIKE.fullmatch(segment)) and not _UUID.fullmatch(segment)


def _route_template(scope: Scope) -> str:
    # Paths contain ids; with a label per id, the number of series would be unbounded.
    route: Any = scope.get("route")
    return str(getattr(route, "path", "unmatched"))
