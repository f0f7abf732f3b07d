"""Changes of credentials need an active session and a recent password."""

from typing import Any

import httpx
import pytest

KEYS = "/api-keys"
BODY = {"name": "my studio", "scopes": ["songs:read"]}
NEW_PASSWORD = "op. 17, in G minor"


async def _change_password(user: Any, access: str, **changes: Any) -> httpx.Response:
    body = {"current_password": user.password, "new_password": NEW_PASSWORD} | changes
    answer: httpx.Response = await user.call("PUT", "/me/password", access, json=body)
    return answer


async def _two_sessions(user: Any) -> tuple[str, str]:
    first = (await user.tokens())["access_token"]
    return first, (await user.log_in()).json()["access_token"]


CALLS = [
    ("POST", KEYS, BODY),
    ("GET", KEYS, None),
    ("PUT", "/me/password", {"current_password": NEW_PASSWORD, "new_password": "op. 20, in F sharp minor"}),
    ("POST", "/me/deletion", {"password": NEW_PASSWORD}),
    ("GET", "/sessions", None),
    ("POST", "/logout-everywhere", None),
    ("GET", "/me/security-events", None),
]


async def test_a_session_that_a_password_change_has_ended_can_do_nothing(user: Any, subtests: pytest.Subtests) -> None:
    stolen, mine = await _two_sessions(user)
    assert (await _change_password(user, mine)).status_code == 204
    for method, path, body in CALLS:
        with subtests.test(method=method, path=path):
            answer = await user.call(method, path, stolen, json=body)
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/session-ended")
            assert "Log in again" in answer.json()["detail"]
            assert (await user.call("GET", KEYS, mine)).json()["items"] == []


async def test_a_key_needs_the_password_ten_minutes_after_the_login(user: Any, clock: Any) -> None:
    tokens = await user.tokens()
    assert (await user.call("POST", KEYS, tokens["access_token"], json=BODY)).status_code == 201
    clock.advance(minutes=11)
    # Refreshing proves that the session continues, not that its user is present.
    access = (await user.refresh(tokens["refresh_token"])).json()["access_token"]
    refused = await user.call("POST", KEYS, access, json=BODY)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/recent-authentication-required")
    assert "password" in refused.json()["detail"]
    wrong = await user.call("POST", KEYS, access, json=BODY | {"password": "a wrong one"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/wrong-password")
    assert (await user.call("POST", KEYS, access, json=BODY | {"password": user.password})).status_code == 201
    assert len((await user.call("GET", KEYS, access)).json()["items"]) == 2


async def test_guesses_of_the_password_of_a_new_key_are_limited(user: Any, clock: Any) -> None:
    access = (await user.tokens())["access_token"]
    statuses = [
        (await user.call("POST", KEYS, access, json=BODY | {"password": f"guess {number}"})).status_code
        for number in range(12)
    ]
    assert statuses[0] == 422
    assert statuses[-1] == 429


@pytest.mark.parametrize(("revoke", "left"), [(None, 2), (False, 2), (True, 0)])
async def test_a_password_change_revokes_api_keys_on_request(
    user: Any, client: httpx.AsyncClient, revoke: bool | None, left: int
) -> None:
    access = (await user.tokens())["access_token"]
    keys = [(await user.call("POST", KEYS, access, json=BODY)).json()["api_key"] for _ in range(2)]
    answer = await _change_password(user, access, **({} if revoke is None else {"revoke_api_keys": revoke}))
    assert (answer.status_code, answer.headers["euterpe-revoked-api-keys"]) == (204, str(2 - left))
    assert len((await user.call("GET", KEYS, access)).json()["items"]) == left
    used = [await client.post("/api/v1/auth/api-keys/token", json={"api_key": key}) for key in keys]
    assert [one.status_code for one in used] == [200 if left else 401] * 2
