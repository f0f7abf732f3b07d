"""Guests, accounts and their deletion, across several services."""

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


def _generation_status(client: httpx.Client, token: str, generation: str) -> int:
    """Return the status of `GET /generations/{id}`."""
    return client.get(f"/generations/{generation}", headers={"Authorization": f"Bearer {token}"}).status_code


def _songs(client: httpx.Client, token: str) -> dict[str, str]:
    response = client.get("/songs", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    return {song["id"]: song["author"] for song in response.json()["items"]}


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


def test_pieces_of_a_guest_are_moved_to_the_account_and_deleted_with_it(anonymous: httpx.Client) -> None:
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
    _soon(lambda: _generation_status(anonymous, access, two) == 200)
    assert _generation_status(anonymous, another, two) == 404

    anonymous.post("/auth/me/deletion", json={"password": PASSWORD}, headers=mine).raise_for_status()
    _soon(lambda: _songs(anonymous, access) == {})
    assert [_generation_status(anonymous, access, each) for each in (one, two)] == [404, 404]
    # The name can be used again, and the new account is empty.
    _register(anonymous, "florestan")
    assert _songs(anonymous, _log_in(anonymous, "florestan")) == {}


def test_address_of_a_login_is_set_by_the_gateway(product: Any, anonymous: httpx.Client) -> None:
    """X-Forwarded headers of clients are ignored, and cookies are set for pages of this origin only."""
    _register(anonymous, "eusebius")
    form = {"grant_type": "password", "username": "eusebius", "password": PASSWORD, "delivery": "cookie"}
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"}
    assert (
        anonymous.post("/auth/token", data=form, headers=forged | {"Origin": "http://evil.example"}).status_code == 403
    )
    response = anonymous.post("/auth/token", data=form, headers=forged | {"Origin": product.url})
    assert response.status_code == 200
    assert "HttpOnly" in response.headers["set-cookie"]
    headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
    (session,) = anonymous.get("/auth/sessions", headers=headers).json()["items"]
    assert session["address"] in ("127.0.0.1", "::1")


def test_api_key_is_restricted_to_its_scopes(anonymous: httpx.Client) -> None:
    _register(anonymous, "raro")
    mine = {"Authorization": f"Bearer {_log_in(anonymous, 'raro')}"}
    body = {"name": "reader", "scopes": ["songs:read"]}
    key = anonymous.post("/auth/api-keys", json=body, headers=mine).raise_for_status().json()["api_key"]
    token = anonymous.post("/auth/api-keys/token", json={"api_key": key}).raise_for_status().json()["access_token"]
    theirs = {"Authorization": f"Bearer {token}"}
    assert anonymous.get("/songs", headers=theirs).status_code == 200
    assert anonymous.post("/generations", json={"length": 30}, headers=theirs).status_code == 403
    assert anonymous.get("/auth/sessions", headers=theirs).status_code == 403
