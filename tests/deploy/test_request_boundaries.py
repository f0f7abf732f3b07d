"""No byte of a request body is read as another request, whatever a gateway answers and however early."""

import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.deploy.gateways import GATEWAYS, running_gateway
from tests.deploy.rendering import Render

AUTH_LIMIT = 16_384
#: Go's server discards up to 256 KiB of an unread body before it reads the next request.
SIZES = [AUTH_LIMIT + 262_145, 1_500_000]
FRAMINGS = ["one chunk", "many chunks", "declared length"]
HIDDEN = b"GET /api/v1/models?hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
REQUEST_LINES = [
    *("POST /api/v1/auth/users", "GET /api/v1/auth/users", "POST /api/v1/auth/service-token", "POST /api/v1/songs"),
    *("POST /readyz", "GET /readyz", "POST /api/v1/library/shared/x/head", "GET /api/v1/library/shared/x/head"),
    *("POST /api/v1/openapi.json", "POST /api/v1/nowhere", "POST /", "GET /", "GET /style.css"),
]


class EarlyService(socketserver.BaseRequestHandler):
    """Answers a request as soon as its header is complete, before its body."""

    def handle(self) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            if not (data := self.request.recv(65_536)):
                return
            received += data
        self.request.sendall(b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        with suppress(OSError):
            while self.request.recv(65_536):
                pass


@pytest.fixture(scope="module")
def service_port() -> Iterator[int]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), EarlyService)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module", params=GATEWAYS)
def gateway_port(
    request: pytest.FixtureRequest, render: Render, service_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The port of each gateway, with services that all answer early."""
    with running_gateway(request.param, render, service_port, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway.port


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("request_line", REQUEST_LINES)
def test_a_body_is_never_read_as_requests(gateway_port: int, request_line: str, framing: str, size: int) -> None:
    body = (HIDDEN * (size // len(HIDDEN) + 1))[-size:]
    assert len(_statuses(gateway_port, request_line, _framed(body, framing))) == 1


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_body_over_the_limit_is_refused_and_the_connection_closed(gateway_port: int, framing: str) -> None:
    refused = _framed(b"x" * (AUTH_LIMIT + 1), framing)
    following = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    # The web image alone knows no services; a service may refuse a chunked request before it has counted its body.
    statuses = _statuses(gateway_port, "POST /api/v1/auth/users", refused + following)
    assert statuses in ([413], [404], *([[401]] if framing != "declared length" else []))


def test_a_connection_is_kept_after_a_body_within_the_limit(gateway_port: int) -> None:
    following = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    body = _framed(b"x" * 1024, "declared length")
    assert _statuses(gateway_port, "POST /api/v1/library/shared/x/head", body + following) == [200, 200]


def _framed(body: bytes, framing: str) -> bytes:
    if framing == "declared length":
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    step = len(body) if framing == "one chunk" else 1000
    chunks = [body[start : start + step] for start in range(0, len(body), step)]
    return b"Transfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks)


def _statuses(port: int, request_line: str, rest: bytes) -> list[int]:
    """Return the statuses of all responses on one connection.

    A gateway that closes while the body is still sent resets the connection, which can lose its response; then the
    request is repeated.
    """
    for _ in range(5):
        if statuses := _statuses_once(port, request_line, rest):
            return statuses
    return []


def _statuses_once(port: int, request_line: str, rest: bytes) -> list[int]:
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        data = f"{request_line} HTTP/1.1\r\nHost: localhost\r\n".encode() + rest
        sender = threading.Thread(target=_send, args=(connection, data))
        sender.start()
        with suppress(TimeoutError, ConnectionResetError):
            while data := connection.recv(65_536):
                received += data
                connection.settimeout(0.5)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        sender.join()
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]


def _send(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # The gateway may close the connection before the end.
        connection.sendall(data)
