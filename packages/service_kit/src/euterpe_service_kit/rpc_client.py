"""gRPC channels to peers: every call carries a service token and the id of the request that caused it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import grpc

from euterpe_service_kit.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    ServiceError,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from euterpe_service_kit.request_context import HEADER, request_id
from euterpe_service_kit.rpc_tls import channel_credentials
from euterpe_service_kit.tracing import current, end_rpc, headers, is_active, rpc_span

if TYPE_CHECKING:
    Interceptor = grpc.aio.UnaryUnaryClientInterceptor[Any, Any]
else:
    # Generic in the type stubs only.
    Interceptor = grpc.aio.UnaryUnaryClientInterceptor

_ERRORS: dict[grpc.StatusCode, type[ServiceError]] = {
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.FAILED_PRECONDITION: PreconditionFailed,
    grpc.StatusCode.INVALID_ARGUMENT: Unprocessable,
    grpc.StatusCode.RESOURCE_EXHAUSTED: TooManyRequests,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
}

#: Calls to a pod that dies fail. All calls of the contracts can be repeated, so they are retried on another pod.
_RETRIES = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_OPTIONS = [
    ("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": _RETRIES}]})),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]


class TokenSource(Protocol):
    """Provides the service token of each call: a ServiceTokenSource, or auth's own signer."""

    async def token(self) -> str:
        """Return a valid service token. Raises Unavailable if there is none."""
        ...


def peer_channel(target: str, tokens: TokenSource, *, tls: Path | None = None) -> grpc.aio.Channel:
    """Open a channel to a peer inside the deployment, e.g. `library:9090`.

    With `tls`, a directory of certificates (`rpc_tls`), it is mutual TLS, and the peer's certificate is for its host.
    """
    interceptors = [cast(Any, _Identify(tokens))]
    if tls is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS, interceptors=interceptors)
    return grpc.aio.secure_channel(target, channel_credentials(tls), options=_OPTIONS, interceptors=interceptors)


class _Identify(Interceptor):
    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    async def intercept_unary_unary(
        self, continuation: Callable[[Any, Any], Awaitable[Any]], client_call_details: Any, request: Any
    ) -> Any:
        metadata = grpc.aio.Metadata(*(client_call_details.metadata or ()))
        metadata.add("authorization", f"Bearer {await self._tokens.token()}")
        if rid := request_id():
            metadata.add(HEADER, rid)
        details = client_call_details._replace(metadata=metadata)
        return await (self._traced(continuation, details, request) if is_active() else continuation(details, request))

    async def _traced(self, continuation: Callable[[Any, Any], Awaitable[Any]], details: Any, request: Any) -> Any:
        method = details.method if isinstance(details.method, str) else details.method.decode()
        span = rpc_span(method)
        code = grpc.StatusCode.UNKNOWN
        try:
            with current(span):
                for name, value in headers().items():
                    details.metadata.add(name, value)
                call = await continuation(details, request)
                code = await call.code()
        finally:
            end_rpc(span, code, failed=code is not grpc.StatusCode.OK)
        return call


@asynccontextmanager
async def peer_errors(peer: str) -> AsyncIterator[None]:
    """Convert a failed call into the corresponding ServiceError; unexpected errors become Unavailable."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        kind = _ERRORS.get(error.code())
        if kind is None or kind is Unauthenticated:
            # The service's own token was refused or the peer does not respond: neither is an error of the caller.
            raise Unavailable(f"The {peer} service does not respond. Try again shortly.") from error
        raise kind(error.details() or f"The {peer} service refused the call.") from error
