"""OpenTelemetry traces of HTTP requests (created by FastAPI itself), gRPC calls, SQL statements and S3 requests.

Without a collector, the SDK is not loaded and no spans are created. Sampling depends on trace ids only, so that all
processes keep the same traces and callers cannot change the sampling rate.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import grpc
from fastapi.telemetry import TelemetryConfig
from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from sqlalchemy import Engine, event

from euterpe_service_kit.settings import ServiceSettings

_TIMEOUT_SECONDS = 3
_tracer = trace.get_tracer("euterpe")
#: Attribute of a statement's context that holds its span.
_SPAN = "_euterpe_span"


def configure_tracing(service: str, settings: ServiceSettings) -> None:
    """Send the spans of this process to the collector in the settings; do nothing if there is none."""
    if settings.traces_endpoint is None or is_active():
        return
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    resource = Resource.create({"service.name": f"euterpe-{service}", "service.instance.id": socket.gethostname()})
    provider = TracerProvider(resource=resource, sampler=TraceIdRatioBased(settings.traces_share))
    exporter = OTLPSpanExporter(endpoint=str(settings.traces_endpoint), timeout=_TIMEOUT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


async def flush_spans() -> None:
    """Send the remaining spans before the process ends, within a short timeout."""
    provider: Any = trace.get_tracer_provider()
    if is_active():
        thread = threading.Thread(target=provider.force_flush, daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, _TIMEOUT_SECONDS)


def is_active() -> bool:
    """Return whether this process creates spans."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def http_telemetry(unlogged: frozenset[str]) -> TelemetryConfig:
    """Return FastAPI's configuration: one span per request, except for `unlogged` paths; no metrics or logs."""

    def exclude(scope: MutableMapping[str, Any]) -> bool:
        return scope.get("path") in unlogged

    return TelemetryConfig(exclude=exclude, metrics=False, logs=False, operation_spans=False, auto_configure=False)


def hide_path(route: str) -> None:
    """Replace the path by the route template in the span of the current request."""
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attributes({"url.path": route, "url.query": ""})


def hide_query() -> None:
    """Remove the query from the span of the current request."""
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attribute("url.query", "")


def trace_id() -> str | None:
    """Return the id of the current trace in hexadecimal, or None."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def rpc_span(method: str, *, metadata: Mapping[str, str] | None = None) -> Span:
    """Start the span of a gRPC call, `/package.Service/Method`; on a server, it continues the trace in `metadata`."""
    service, _, name = method.lstrip("/").partition("/")
    return _tracer.start_span(
        f"{service}/{name}",
        context=None if metadata is None else propagate.extract(metadata),
        kind=SpanKind.CLIENT if metadata is None else SpanKind.SERVER,
        attributes={"rpc.system.name": "grpc", "rpc.service": service, "rpc.method": name},
    )


def end_rpc(span: Span, code: grpc.StatusCode, *, failed: bool) -> None:
    """End the span of a call with its status."""
    span.set_attribute("rpc.response.status_code", code.name)
    if failed:
        span.set_status(StatusCode.ERROR, code.name)
    span.end()


@contextmanager
def current(span: Span) -> Iterator[None]:
    """Make a span the parent of the spans that are started in the context."""
    with trace.use_span(span, record_exception=False, set_status_on_exception=False):
        yield


def headers() -> dict[str, str]:
    """Return headers with which a peer continues the current trace."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


def span(name: str) -> AbstractContextManager[Span | None]:
    """Start a child span of the current one. Without a current span, as in background loops, it records nothing."""
    if not trace.get_current_span().is_recording():
        return nullcontext()
    return _tracer.start_as_current_span(name, kind=SpanKind.CLIENT)


def trace_statements(engine: Engine) -> None:
    """Create a span for every SQL statement inside a trace; its text has placeholders instead of values."""
    if is_active():
        event.listen(engine, "before_cursor_execute", _begin_statement)
        event.listen(engine, "after_cursor_execute", _end_statement)
        event.listen(engine, "handle_error", _fail_statement)


def _begin_statement(
    _connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    if context is not None and trace.get_current_span().is_recording():
        verb = statement.split(maxsplit=1)[0].upper()
        attributes = {"db.system.name": "postgresql", "db.operation.name": verb, "db.query.text": statement[:2_000]}
        setattr(context, _SPAN, _tracer.start_span(f"postgresql {verb}", kind=SpanKind.CLIENT, attributes=attributes))


def _end_statement(
    _connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    span = getattr(context, _SPAN, None)
    if span is not None:
        span.end()


def _fail_statement(failure: Any) -> None:
    span = getattr(failure.execution_context, _SPAN, None)
    if span is not None:
        span.set_status(StatusCode.ERROR, type(failure.original_exception).__name__)
        span.end()
