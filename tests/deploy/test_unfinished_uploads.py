"""Uploads that never end hold little memory, and not for long: over each gateway, and without one."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from euterpe_stack.ports import free_port

from tests.deploy.gateways import GATEWAYS, running_gateway
from tests.deploy.rendering import Render

UPLOADS = 15
SIZE = 12_000_000
#: What remains to be sent of each upload.
MISSING = 1_000
#: Caddy now and then keeps the connection of an upload that was answered early, without its body (ADR 0022).
MAX_HELD = 4
#: Fifteen uploads held in memory take 180 MB or more.
MAX_GROWTH_BYTES = 60_000_000
SERVICE = """
from contextlib import asynccontextmanager
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.serve import serve
from euterpe_service_kit.settings import ServiceSettings
from fastapi import UploadFile

@asynccontextmanager
async def lifespan(app):
    yield

settings = ServiceSettings()
app = create_base_app("probe", settings, lifespan=lifespan, description="")

@app.post("/api/v1/conversions")
async def convert(file: UploadFile):
    return file.size

serve(app, settings)
"""


@dataclass(frozen=True)
class Service:
    port: int
    pid: int


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service with the limits of all services, and short time-outs."""
    port = free_port()
    limits = {"PORT": str(port), "MAX_BODY_BYTES": str(SIZE), "BODY_STALL_SECONDS": "3"}
    process = subprocess.Popen([sys.executable, "-c", SERVICE], env=os.environ | limits, stdout=subprocess.DEVNULL)
    try:
        for _ in range(400):
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield Service(port, process.pid)
    finally:
        process.kill()
        process.wait()


def test_unfinished_uploads_to_a_service_are_ended(service: Service) -> None:
    _check(service.port, [service.pid])


@pytest.mark.parametrize("kind", GATEWAYS)
def test_unfinished_uploads_over_a_gateway_are_ended(
    kind: str, render: Render, service: Service, tmp_path: Path
) -> None:
    with running_gateway(kind, render, service.port, tmp_path) as gateway:
        _check(gateway.port, [gateway.pid, service.pid])
        # The service and the gateway still answer.
        answer = httpx.post(f"http://127.0.0.1:{gateway.port}/api/v1/conversions", files={"file": b"MThd"})
        assert (answer.status_code, answer.text) in ((200, "4"), (404, answer.text), (405, answer.text))


def _check(port: int, pids: list[int]) -> None:
    before = _memory(pids)
    with ExitStack() as stack:
        uploads = [stack.enter_context(_unfinished_upload(port)) for _ in range(UPLOADS)]
        peak = _memory(pids)
        deadline = time.monotonic() + 20
        held = 0
        for upload in uploads:
            upload.settimeout(max(0.1, deadline - time.monotonic()))
            held += not _is_ended(upload)
        assert held <= MAX_HELD, f"{held} unfinished uploads are still held after 20 seconds"
    grown = {pid: peak[pid] - before[pid] for pid in pids}
    assert max(grown.values()) < MAX_GROWTH_BYTES, grown


def _unfinished_upload(port: int) -> socket.socket:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mid"\r\n\r\n'
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.sendall(
        b"POST /api/v1/conversions HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n" % SIZE
    )
    body = head + bytes(SIZE - MISSING - len(head))
    # Refused early, or not read: the test looks at what is held.
    with suppress(OSError):
        connection.sendall(body)
    return connection


def _is_ended(connection: socket.socket) -> bool:
    """Whether the other side closes the connection, with or without a response."""
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def _memory(pids: list[int]) -> dict[int, int]:
    page = os.sysconf("SC_PAGESIZE")
    return {pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in pids}
