"""What the gateway accepts: routes, sizes, methods and headers."""

import socket
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

LARGEST_UPLOAD = 20 * 1024 * 1024


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/auth/service-token",
        "/metrics",
        "/api/v1/metrics",
        "/euterpe.library.v1.LibraryService/RegisterSong",
        "/.env",
        "/secrets.json",
    ],
)
def test_internal_paths_are_not_reachable(product: Any, path: str) -> None:
    for method in ("GET", "POST"):
        response = httpx.request(method, product.url + path, timeout=10)
        is_page = response.status_code == 200 and response.headers["content-type"].startswith("text/html")
        assert response.status_code in (404, 405) or (method == "GET" and is_page)
        assert "access_token" not in response.text


def test_a_body_over_the_limit_is_refused_with_a_problem(product: Any) -> None:
    response = httpx.post(f"{product.url}/api/v1/songs", content=b"\0" * LARGEST_UPLOAD, timeout=60)
    assert response.status_code in (401, 413)
    assert response.headers["content-type"] == "application/problem+json"


def test_headers_over_the_limit_are_refused(product: Any) -> None:
    try:
        response = httpx.get(product.url, headers={"X-Filler": "a" * 2_000_000}, timeout=10)
    except (httpx.ReadError, httpx.WriteError):
        # The gateway closed the connection before all headers were sent; the response may then be lost.
        return
    assert response.status_code == 431


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
    ids=["length and chunked", "two lengths", "two hosts"],
)
def test_ambiguous_requests_get_exactly_one_response(product: Any, request_bytes: bytes) -> None:
    hidden = b"GET /api/v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", product.port), timeout=10) as connection:
        connection.sendall(request_bytes + hidden)
        received = b""
        try:
            while data := connection.recv(65536):
                received += data
        except TimeoutError:
            pass
    first = received.partition(b"\r\n")[0]
    assert b" 400 " in first or received.count(b"HTTP/1.1 ") <= 2
    if b" 400 " in first:
        assert received.count(b"HTTP/1.1 ") == 1, "the rest of a refused request must not be parsed as a request"


def test_pages_have_security_headers(product: Any) -> None:
    response = httpx.get(product.url, timeout=10)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src" in response.headers["content-security-policy"]
    assert response.headers["referrer-policy"]
