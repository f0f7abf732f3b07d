"""OpenTelemetry traces: of HTTP requests (FastAPI makes those itself), gRPC calls, SQL statements and S3 requests.

Without a collector no SDK is loaded and no span is made. Which traces are kept is decided by their ids alone, so that
every process keeps the same ones, and no caller can have more kept by saying so.
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

_PATIENCE_SECONDS = 3
_tracer = trace.get_tracer("euterpe")
#: Where a statement's context keeps its span.
_SPAN = "_euterpe_span"


def configure_tracing(service: str, settings: ServiceSettings) -> None:
    """Sends this process' spans to the collector that the settings name; does nothing when they name none."""
    if settings.traces_endpoint is None or active():
        return
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    resource = Resource.create({"service.name": f"euterpe-{service}", "service.instance.id": socket.gethostname()})
    provider = TracerProvider(resource=resource, sampler=TraceIdRatioBased(settings.traces_share))
    exporter = OTLPSpanExporter(endpoint=str(settings.traces_endpoint), timeout=_PATIENCE_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


async def send_the_rest() -> None:
    """Sends what was not sent yet before the process ends, but waits for no collector that is away."""
    provider: Any = trace.get_tracer_provider()
    if active():
        thread = threading.Thread(target=provider.force_flush, daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, _PATIENCE_SECONDS)


def active() -> bool:
    """Whether this process makes spans."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def http_telemetry(unlogged: frozenset[str]) -> TelemetryConfig:
    """What FastAPI is told: one span a request, none for `unlogged` paths; metrics and logs are our own."""

    def exclude(scope: MutableMapping[str, Any]) -> bool:
        return scope.get("path") in unlogged

    return TelemetryConfig(exclude=exclude, metrics=False, logs=False, operation_spans=False, auto_configure=False)


def hide_path(route: str) -> None:
    """Puts the route's template where the path was, in the span of the request being served."""
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attributes({"url.path": route, "url.query": ""})


def trace_id() -> str | None:
    """The id of the trace that the current work belongs to, in hexadecimal; None where there is none."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def rpc_span(method: str, *, metadata: Mapping[str, str] | None = None) -> Span:
    """Begins the span of a gRPC call, `/package.Service/Method`; a server's continues the trace in the `metadata`."""
    service, _, name = method.lstrip("/").partition("/")
    return _tracer.start_span(
        f"{service}/{name}",
        context=None if metadata is None else propagate.extract(metadata),
        kind=SpanKind.CLIENT if metadata is None else SpanKind.SERVER,
        attributes={"rpc.system.name": "grpc", "rpc.service": service, "rpc.method": name},
    )


def end_rpc(span: Span, code: grpc.StatusCode, *, failed: bool) -> None:
    """Ends it with the call's status."""
    span.set_attribute("rpc.response.status_code", code.name)
    if failed:
        span.set_status(StatusCode.ERROR, code.name)
    span.end()


@contextmanager
def current(span: Span) -> Iterator[None]:
    """Makes a span the parent of what happens inside."""
    with trace.use_span(span, record_exception=False, set_status_on_exception=False):
        yield


def headers() -> dict[str, str]:
    """Headers that let a peer continue the current trace."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


def span(name: str) -> AbstractContextManager[Span | None]:
    """Start a child span of the current one. Without a current span, as in background loops, it records nothing."""
    if not trace.get_current_span().is_recording():
        return nullcontext()
    return _tracer.start_as_current_span(name, kind=SpanKind.CLIENT)


def trace_statements(engine: Engine) -> None:
    """A span for every SQL statement inside a trace; its text has placeholders in place of values."""
    if active():
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
