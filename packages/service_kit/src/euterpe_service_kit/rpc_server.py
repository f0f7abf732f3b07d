"""The gRPC server for peers: service tokens, request ids, error statuses, health."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry.trace import Span

from euterpe_service_kit.database import is_unavailable
from euterpe_service_kit.errors import Forbidden, ServiceError, Unauthenticated, grpc_code
from euterpe_service_kit.request_context import HEADER, begin_request
from euterpe_service_kit.rpc_access import may_call
from euterpe_service_kit.rpc_tls import server_credentials
from euterpe_service_kit.tokens import TokenVerifier
from euterpe_service_kit.tracing import current, end_rpc, is_active, rpc_span

log = structlog.get_logger(__name__)

#: Methods that need no token, for probes and tools. They return no data of users.
_OPEN_PREFIXES = ("/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.ServerReflection/")

_CODES = {code.value[0]: code for code in grpc.StatusCode}
#: Statuses that traces show as failures of the server.
_OUR_FAULT = frozenset({grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE})

#: Callers keep one connection. That it ends now and then, announced, spreads them over pods that came later. Running
#: calls and streams end in their own time. gRPC varies the age by a tenth, so that not all come back at once.
_OPTIONS = [("grpc.so_reuseport", 0), ("grpc.max_connection_age_ms", 120_000)]

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
    Interceptor = grpc.aio.ServerInterceptor[Any, Any]
else:
    # Generic in the type stubs only.
    Handler = grpc.RpcMethodHandler
    Interceptor = grpc.aio.ServerInterceptor
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler]]


class RpcServer:
    """A grpc.aio server with health. Servicers are added to `server` before `start`.

    A call needs a service token, and its service must be listed for the method in `rpc_access.CALLERS`. `reflected`
    are the full names of services that reflection describes without a token, e.g. `euterpe.library.v1.LibraryService`;
    without any, reflection is off. With `tls`, a directory of certificates (`rpc_tls`), connections are mutual TLS.
    """

    def __init__(self, verifier: TokenVerifier, *, reflected: Sequence[str] = (), tls: Path | None = None) -> None:
        self._tls = tls
        self.server = grpc.aio.server(interceptors=[_Guard(verifier)], options=_OPTIONS)
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self.server)
        if reflected:
            reflection.enable_server_reflection([*reflected, reflection.SERVICE_NAME, health.SERVICE_NAME], self.server)

    async def start(self, host: str, port: int) -> int:
        """Start the server and return its port; for port 0, the system chooses one."""
        address = f"{host}:{port}"
        if self._tls is None:
            bound = self.server.add_insecure_port(address)
        else:
            bound = self.server.add_secure_port(address, server_credentials(self._tls))
        await self.server.start()
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)
        return bound

    async def stop(self, grace_seconds: float) -> None:
        """Refuse new calls and let running ones finish within the grace period."""
        await self._health.enter_graceful_shutdown()
        await self.server.stop(grace_seconds)


class _Guard(Interceptor):
    """Verifies the service token and the right to call, binds the request id, and maps errors to their status."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method.startswith(_OPEN_PREFIXES):
            return handler
        if handler.request_streaming:
            raise TypeError("client-streaming methods are not guarded, so they may not exist")
        method = handler_call_details.method
        codecs = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(self._streaming(method, handler.unary_stream), **codecs)
        return grpc.unary_unary_rpc_method_handler(self._unary(method, handler.unary_unary), **codecs)

    def _unary(self, method: str, inner: Any) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            try:
                await self._admit(method, context)
                return await inner(request, context)
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 - logged, and answered without its inner details
                await _abort(method, context, error)

        async def traced(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            span = rpc_span(method, metadata=_metadata(context))
            try:
                with current(span):
                    return await call(request, context)
            finally:
                _end(span, context)

        return traced if is_active() else call

    def _streaming(self, method: str, inner: Any) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            try:
                await self._admit(method, context)
                async for response in inner(request, context):
                    yield response
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 - logged, and answered without its inner details
                await _abort(method, context, error)

        async def traced(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            # Not the current span: an abandoned stream may be closed in another context than the one in which it began.
            span = rpc_span(method, metadata=_metadata(context))
            try:
                async for response in call(request, context):
                    yield response
            finally:
                _end(span, context)

        return traced if is_active() else call

    async def _admit(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        metadata = _metadata(context)
        begin_request(metadata.get(HEADER))
        scheme, _, token = metadata.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("This call needs a service token.")
        peer = await self._verifier.verify(token)
        structlog.contextvars.bind_contextvars(peer=peer.id)
        if not may_call(peer.id, method):
            raise Forbidden(f"The service {peer.id} may not call {method}.")


def _metadata(context: grpc.aio.ServicerContext[Any, Any]) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


def _end(span: Span, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    code = _CODES[int(context.code() or 0)]  # type: ignore[call-overload]
    end_rpc(span, code, failed=code in _OUR_FAULT)


async def _abort(method: str, context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> None:
    if isinstance(error, ServiceError):
        log.info("rpc_refused", method=method, status=error.status, detail=error.detail)
        await context.abort(grpc_code(error), error.detail)
    if is_unavailable(error):
        log.warning("dependency_unavailable", method=method, error=repr(error))
        await context.abort(grpc.StatusCode.UNAVAILABLE, "A dependency of this service does not respond.")
    log.error("unexpected_error", method=method, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, "Something went wrong on our side. It has been logged.")
