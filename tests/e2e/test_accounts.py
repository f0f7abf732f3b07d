"""From guest to account and out again: what several services must agree on."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

PASSWORD = "Kinderszenen op. 15"


def _compose(client: httpx.Client, token: str) -> tuple[str, str]:
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=30"}
    done = client.post("/generations", json={"length": 30}, headers=headers).raise_for_status().json()
    assert done["status"] == "succeeded", done
    return str(done["id"]), str(done["song_id"])


def _ordered(client: httpx.Client, token: str, generation: str) -> int:
    """The status with which a generation answers."""
    return client.get(f"/generations/{generation}", headers={"Authorization": f"Bearer {token}"}).status_code


def _songs(client: httpx.Client, token: str) -> dict[str, str]:
    answer = client.get("/songs", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    return {song["id"]: song["author"] for song in answer.json()["items"]}


def _log_in(client: httpx.Client, name: str) -> str:
    form = {"grant_type": "password", "username": name, "password": PASSWORD}
    return str(client.post("/auth/token", data=form).raise_for_status().json()["access_token"])


def _guest(client: httpx.Client) -> str:
    return str(client.post("/auth/guest").raise_for_status().json()["access_token"])


def _register(client: httpx.Client, name: str, **headers: str) -> None:
    client.post("/auth/users", json={"username": name, "password": PASSWORD}, headers=headers).raise_for_status()


def _soon(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_guest_s_pieces_stay_and_go_with_the_account(anonymous: httpx.Client) -> None:
    guest = _guest(anonymous)
    one, first = _compose(anonymous, guest)
    _register(anonymous, "florestan", Authorization=f"Bearer {guest}")
    access = _log_in(anonymous, "florestan")
    _soon(lambda: _songs(anonymous, access) == {first: "florestan"})

    another = _guest(anonymous)
    two, second = _compose(anonymous, another)
    mine = {"Authorization": f"Bearer {access}"}
    anonymous.post("/auth/me/claims", json={"guest_token": another}, headers=mine).raise_for_status()
    _soon(lambda: _songs(anonymous, access) == {first: "florestan", second: "florestan"})
    assert _songs(anonymous, another) == {}
    _soon(lambda: _ordered(anonymous, access, two) == 200)
    assert _ordered(anonymous, another, two) == 404

    anonymous.post("/auth/me/deletion", json={"password": PASSWORD}, headers=mine).raise_for_status()
    _soon(lambda: _songs(anonymous, access) == {})
    assert [_ordered(anonymous, access, each) for each in (one, two)] == [404, 404]
    # The name is free again, and whoever takes it begins with nothing.
    _register(anonymous, "florestan")
    assert _songs(anonymous, _log_in(anonymous, "florestan")) == {}


def test_the_gateway_says_where_a_login_comes_from(product: Any, anonymous: httpx.Client) -> None:
    """What a client claims of its address is not believed, and a cookie is for pages of this origin."""
    _register(anonymous, "eusebius")
    form = {"grant_type": "password", "username": "eusebius", "password": PASSWORD, "delivery": "cookie"}
    lie = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"}
    assert anonymous.post("/auth/token", data=form, headers=lie | {"Origin": "http://evil.example"}).status_code == 403
    answer = anonymous.post("/auth/token", data=form, headers=lie | {"Origin": product.url})
    assert answer.status_code == 200
    assert "HttpOnly" in answer.headers["set-cookie"]
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    (session,) = anonymous.get("/auth/sessions", headers=headers).json()["items"]
    assert session["address"] in ("127.0.0.1", "::1")


def test_a_key_reads_songs_and_does_nothing_else(anonymous: httpx.Client) -> None:
    _register(anonymous, "raro")
    mine = {"Authorization": f"Bearer {_log_in(anonymous, 'raro')}"}
    body = {"name": "reader", "scopes": ["songs:read"]}
    key = anonymous.post("/auth/api-keys", json=body, headers=mine).raise_for_status().json()["api_key"]
    token = anonymous.post("/auth/api-keys/token", json={"api_key": key}).raise_for_status().json()["access_token"]
    theirs = {"Authorization": f"Bearer {token}"}
    assert anonymous.get("/songs", headers=theirs).status_code == 200
    assert anonymous.post("/generations", json={"length": 30}, headers=theirs).status_code == 403
    assert anonymous.get("/auth/sessions", headers=theirs).status_code == 403
