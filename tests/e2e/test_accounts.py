"""Guests, accounts and their deletion, across several services."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

REFUSED = [401] * 4
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


def _statuses(client: httpx.Client, token: str, song: str) -> list[int]:
    """Return the statuses of one request with a token to each service."""
    headers = {"Authorization": f"Bearer {token}"}
    return [
        client.get("/auth/me", headers=headers).status_code,
        client.post(f"/songs/{song}/comments", json={"text": "Hello"}, headers=headers).status_code,
        client.post("/generations", json={"length": 30}, headers=headers).status_code,
        client.post(f"/audio/{song}/renditions", json={"formats": ["mp3"]}, headers=headers).status_code,
    ]


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
    _soon(lambda: _generation_status(anonymous, access, two) == 200)
    _soon(lambda: _statuses(anonymous, another, second) == REFUSED)

    song = anonymous.get(f"/songs/{first}", headers=mine)
    changes = {"visibility": "public"}
    anonymous.patch(
        f"/songs/{first}", json=changes, headers=mine | {"If-Match": song.headers["etag"]}
    ).raise_for_status()
    assert anonymous.get(f"/songs/{first}").status_code == 200
    anonymous.post("/auth/me/deletion", json={"password": PASSWORD}, headers=mine).raise_for_status()
    ended = time.monotonic()
    _soon(lambda: _statuses(anonymous, access, first) == REFUSED)
    assert time.monotonic() - ended < 5
    _soon(lambda: anonymous.get(f"/songs/{first}").status_code == 404)
    assert _generation_status(anonymous, access, one) == 401
    # The name can be used again, and the new account is empty.
    _register(anonymous, "florestan")
    assert _songs(anonymous, _log_in(anonymous, "florestan")) == {}


def test_a_session_that_logs_out_is_refused_by_every_service_within_five_seconds(anonymous: httpx.Client) -> None:
    _register(anonymous, "kreisler")
    form = {"grant_type": "password", "username": "kreisler", "password": PASSWORD}
    tokens = anonymous.post("/auth/token", data=form).raise_for_status().json()
    _, song = _compose(anonymous, tokens["access_token"])
    other = _log_in(anonymous, "kreisler")
    body = {"refresh_token": tokens["refresh_token"]}
    anonymous.post("/auth/logout", json=body).raise_for_status()
    ended = time.monotonic()
    _soon(lambda: _statuses(anonymous, tokens["access_token"], song) == REFUSED)
    assert time.monotonic() - ended < 5
    assert 401 not in _statuses(anonymous, other, song)


def test_the_exports_contain_all_data_of_an_account(anonymous: httpx.Client) -> None:
    _register(anonymous, "meister")
    mine = {"Authorization": f"Bearer {_log_in(anonymous, 'meister')}"}
    generation, song = _compose(anonymous, mine["Authorization"].removeprefix("Bearer "))
    exported = anonymous.get("/generations/export", headers=mine).raise_for_status().json()
    assert [(each["id"], each["song_id"]) for each in exported["items"]] == [(generation, song)]
    account = anonymous.get("/auth/me/export", headers=mine).raise_for_status().json()
    assert account["account"]["username"] == "meister"
    assert len(account["sessions"]) == 1
    assert anonymous.get("/generations/export").status_code == 401


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
