"""A service under uvicorn: trusted proxies and shutdown."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from euterpe_service_kit.settings import ServiceSettings
from euterpe_stack.ports import free_port

PROGRAM = """
import asyncio
from contextlib import asynccontextmanager
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.serve import serve
from euterpe_service_kit.settings import ServiceSettings
from fastapi import Request

@asynccontextmanager
async def lifespan(app):
    yield

settings = ServiceSettings()
app = create_base_app("probe", settings, lifespan=lifespan, description="")

@app.get("/who")
async def who(request: Request, seconds: float = 0):
    await asyncio.sleep(seconds)
    return [request.client.host, request.url.scheme]

@app.post("/raw")
async def raw(request: Request):
    return len(await request.body())

serve(app, settings)
"""
FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


@contextmanager
def served(**environment: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a service; yield the process and its URL."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=os.environ | environment | {"PORT": str(port)}, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            assert process.poll() is None
            try:
                httpx.get(f"{url}/healthz").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield process, url
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        ('["10.0.0.0/8", "127.0.0.0/8"]', ["203.0.113.7", "https"]),
        ('["10.0.0.0/8"]', ["127.0.0.1", "http"]),
    ],
)
def test_forwarded_address_is_accepted_from_trusted_proxies_only(trusted: str, seen: list[str]) -> None:
    with served(TRUSTED_PROXIES=trusted) as (_, url):
        assert httpx.get(f"{url}/who", headers=FORWARDED).json() == seen


@pytest.mark.parametrize("chunked", [True, False])
def test_refused_body_closes_the_connection_and_is_not_parsed_as_requests(chunked: bool) -> None:
    hidden = b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
    body = hidden * 10_000
    head = b"POST /raw HTTP/1.1\r\nHost: localhost\r\n"
    if chunked:
        request = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        request = head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    with served(MAX_BODY_BYTES="1000") as (_, url):
        port = int(url.rpartition(":")[2])
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(request + hidden)
                received = b""
                while data := connection.recv(65_536):
                    received += data
            assert received.startswith(b"HTTP/1.1 413 ")
            assert received.count(b"HTTP/1.1 ") == 1
            assert b"1000 bytes" in received


def test_client_cannot_prepend_an_address() -> None:
    forged = FORWARDED | {"X-Forwarded-For": "198.51.100.1, 203.0.113.7, 10.1.2.3"}
    with served(TRUSTED_PROXIES='["127.0.0.1", "10.0.0.0/8"]') as (_, url):
        assert httpx.get(f"{url}/who", headers=forged).json()[0] == "203.0.113.7"


def test_persistent_connections_are_closed_before_shutdown() -> None:
    with served(DRAIN_SECONDS="2") as (process, url), httpx.Client(base_url=url) as client:
        assert "connection" not in client.get("/who").headers
        process.send_signal(signal.SIGTERM)
        while (response := client.get("/who")).headers.get("connection") != "close":
            assert response.status_code == 200
        assert client.get("/readyz").status_code == 503
        process.wait(30)


def test_limit_on_open_files_is_raised() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        with served() as (process, _):
            assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[0] > 512
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_idle_connection_outlives_a_proxys_and_is_closed_after_the_set_time() -> None:
    # ingress-nginx keeps idle connections to its upstreams for 60 seconds.
    assert ServiceSettings().keep_alive_seconds > 60
    with served(KEEP_ALIVE_SECONDS="1") as (_, url):
        address = (httpx.URL(url).host, httpx.URL(url).port or 80)
        with socket.create_connection(address, timeout=4) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: probe\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            while connection.recv(65536):
                pass
