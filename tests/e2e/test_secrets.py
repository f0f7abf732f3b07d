"""No log contains a secret, whatever happens to the requests that carry it."""

import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

pytestmark = pytest.mark.e2e


def _abort(url: str, target: str, headers: dict[str, str]) -> None:
    """Send a request, and disconnect after the first bytes of the response."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}:{port}", *(f"{name}: {text}" for name, text in headers.items())]
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        connection.recv(200)


@pytest.fixture
def song(user: httpx.Client) -> str:
    done = user.post("/generations", json={"length": 200}, headers={"Prefer": "wait=60"}).raise_for_status().json()
    assert done["status"] == "succeeded", done
    return str(done["song_id"])


def test_no_log_contains_a_secret(product: Any, user: httpx.Client, anonymous: httpx.Client, song: str) -> None:
    link = user.post(f"/songs/{song}/shares", json={"allow_download": True}).raise_for_status().json()
    token = link["token"]
    authorization = {"Authorization": user.headers["authorization"]}
    shared = f"/library/shared/{token}"
    for path in (shared, f"{shared}/midi", f"{shared}/unknown", f"{shared}x", f"/unknown/{token}", f"/s/{token}"):
        anonymous.get(path)
        anonymous.delete(path)
    audio = f"/api/v1/audio/{song}.wav?share={token}"
    for target in (audio, f"/api/v1/pianorolls/{song}.svg?share={token}", f"/api/v1{shared}/midi", f"/s/{token}"):
        for headers in ({}, authorization, {"Referer": f"{product.url}/s/{token}", "Cookie": f"share={token}"}):
            _abort(product.url, target, headers)
    key = user.post("/auth/api-keys", json={"name": "logs", "scopes": ["songs:read"]}).raise_for_status().json()
    anonymous.post("/auth/api-keys/token", json={"api_key": key["api_key"] + "x"})
    anonymous.post("/auth/api-keys/token", json={"api_key": [key["api_key"]]})
    anonymous.post("/auth/refresh", json={"refresh_token": "euterpe_rt_" + "0" * 500})
    anonymous.get("/songs", headers={"Authorization": authorization["Authorization"] + "x"})
    product.recorder.add(product.secrets())
    assert token in product.recorder.found
    assert not product.recorder.find_in(product.data / "logs")
