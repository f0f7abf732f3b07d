"""Traces that a collector receives from a process that uses HTTP, gRPC, PostgreSQL and S3."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_stack.ports import free_port
from euterpe_test_kit.issuer import TokenIssuer
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

PROGRAM = Path(__file__).with_name("traced_program.py")
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


@dataclass
class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Stores all spans that it receives."""

    spans: list[Any] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - name of the contract
        for resource in request.resource_spans:
            named = {item.key: item.value.string_value for item in resource.resource.attributes}
            self.services.add(named["service.name"])
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()

    def named(self, name: str) -> Any:
        """Return the only span with this name."""
        (span,) = [span for span in self.spans if span.name == name]
        return span


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    server = grpc.server(ThreadPoolExecutor(2))
    kept = Collector()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(kept, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield kept, f"http://127.0.0.1:{port}"
    server.stop(0).wait()


@pytest.fixture
def environment(database_url: str, token_issuer: TokenIssuer, object_store_settings: ObjectStoreSettings) -> Any:
    """Environment variables of the traced program."""
    return {
        "DATABASE_URL": database_url,
        "JWKS_URL": token_issuer.jwks_url,
        "TOKEN_URL": token_issuer.peer.token_url,
        "S3": json.dumps(
            object_store_settings.model_dump()
            | {"secret_access_key": object_store_settings.secret_access_key.get_secret_value()}
        ),
    }


def run(environment: dict[str, str], *paths: str) -> tuple[list[httpx.Response], list[dict[str, Any]]]:
    """Start the program, request the paths and stop it; return the responses and the log."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM)], env=os.environ | environment | {"PORT": str(port)}, stdout=subprocess.PIPE
    )
    url = f"http://127.0.0.1:{port}"
    while True:
        assert process.poll() is None
        try:
            httpx.get(f"{url}/healthz").raise_for_status()
            break
        except httpx.TransportError:
            time.sleep(0.05)
    responses = [httpx.get(url + path, headers=CALLER) for path in paths]
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    return responses, [json.loads(line) for line in output.splitlines()]


def test_one_trace_from_the_caller_to_the_statement(
    collector: tuple[Collector, str], environment: dict[str, str]
) -> None:
    kept, endpoint = collector
    responses, log = run(
        environment | {"TRACES_ENDPOINT": endpoint}, "/songs/7?share=very-secret-token", "/shared/very-secret-token"
    )
    assert [response.status_code for response in responses] == [200, 404]
    chain = ["GET /songs/{number}", "euterpe.library.v1.LibraryService/ResolveArtifact", "postgresql SELECT", "s3"]
    request, statement, stored = kept.named(chain[0]), kept.named(chain[2]), kept.named(chain[3])
    call, served = sorted((span for span in kept.spans if span.name == chain[1]), key=lambda span: -span.kind)
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert call.parent_span_id == request.span_id
    assert served.parent_span_id == call.span_id
    assert statement.parent_span_id == stored.parent_span_id == served.span_id
    assert {span.trace_id.hex() for span in kept.spans} == {TRACE}
    assert kept.services == {"euterpe-probe"}
    assert {line.get("trace_id") for line in log if line.get("path") == "/songs/7"} == {TRACE}
    assert "very-secret-token" not in str(kept.spans)
    assert kept.named("GET /shared/{token}")
    assert "healthz" not in str(kept.spans)


def test_unreachable_collector_does_not_affect_requests(environment: dict[str, str]) -> None:
    responses, _ = run(environment | {"TRACES_ENDPOINT": f"http://127.0.0.1:{free_port()}"}, "/songs/7", "/sdk")
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[1].json() is True


def test_sdk_is_not_loaded_without_a_collector(environment: dict[str, str]) -> None:
    responses, log = run(environment, "/songs/7", "/sdk")
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[1].json() is False
    assert not any("trace_id" in line for line in log)
