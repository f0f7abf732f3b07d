"""API keys: creation, exchange, scopes and revocation."""

from typing import Any

import httpx
import jwt
import pytest

KEYS = "/api-keys"
BODY = {"name": "my studio", "scopes": ["songs:read", "account:read"]}


async def _make(user: Any, access: str, **changes: Any) -> dict[str, Any]:
    answer = await user.call("POST", KEYS, access, json=BODY | changes)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def _exchange(client: httpx.AsyncClient, key: str) -> httpx.Response:
    return await client.post("/api/v1/auth/api-keys/token", json={"api_key": key})


async def test_a_key_is_exchanged_for_a_token_with_its_scopes(user: Any, client: httpx.AsyncClient) -> None:
    access = (await user.tokens())["access_token"]
    key = await _make(user, access, scopes=["songs:write", "songs:read"])
    answer = await _exchange(client, key["api_key"])
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["scope"] == "songs:read songs:write"
    assert answer.json()["expires_in"] == 600
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    mine = jwt.decode(access, options={"verify_signature": False})
    assert (claims["sub"], claims["name"], claims["scope"]) == (mine["sub"], "Clara", "songs:read songs:write")
    assert "sid" not in claims


async def test_a_key_is_shown_once_and_listed_with_its_prefix(user: Any, client: httpx.AsyncClient, rows: Any) -> None:
    access = (await user.tokens())["access_token"]
    new = await _make(user, access)
    assert new["api_key"].startswith(new["prefix"])
    assert len(new["api_key"]) - len(new["prefix"]) > 30
    await _exchange(client, new["api_key"])
    answer = await user.call("GET", KEYS, access)
    (shown,) = answer.json()["items"]
    assert new["api_key"] not in answer.text
    assert shown["last_used_at"] is not None
    assert shown | {"last_used_at": None} == {name: new[name] for name in shown}
    ((stored,),) = await rows("SELECT k::text FROM api_keys AS k")
    assert new["api_key"][len(new["prefix"]) :] not in stored


async def test_scopes_limit_the_token(user: Any, client: httpx.AsyncClient) -> None:
    access = (await user.tokens())["access_token"]
    allowed = (await _exchange(client, (await _make(user, access))["api_key"])).json()["access_token"]
    unscoped = (await _exchange(client, (await _make(user, access, scopes=["songs:read"]))["api_key"])).json()
    assert (await user.me(allowed)).json()["username"] == "Clara"
    assert (await user.me(unscoped["access_token"])).status_code == 403
    answer = await user.call("POST", KEYS, allowed, json=BODY)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/insufficient-scope")


async def test_an_expired_key_is_401(user: Any, client: httpx.AsyncClient, clock: Any) -> None:
    key = await _make(user, (await user.tokens())["access_token"], expires_in_days=1)
    clock.advance(hours=23)
    assert (await _exchange(client, key["api_key"])).status_code == 200
    clock.advance(hours=2)
    answer = await _exchange(client, key["api_key"])
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-api-key")


async def test_a_revoked_key_is_401(user: Any, client: httpx.AsyncClient) -> None:
    access = (await user.tokens())["access_token"]
    key, other = await _make(user, access), await _make(user, access, name="other")
    for status in (204, 404):
        assert (await user.call("DELETE", f"{KEYS}/{key['id']}", access)).status_code == status
    assert (await _exchange(client, key["api_key"])).status_code == 401
    assert (await _exchange(client, other["api_key"])).status_code == 200


async def test_keys_of_others_cannot_be_revoked(user: Any, make_user: Any, client: httpx.AsyncClient) -> None:
    key = await _make(user, (await user.tokens())["access_token"])
    other = (await make_user(client, username="johannes").tokens())["access_token"]
    assert (await user.call("DELETE", f"{KEYS}/{key['id']}", other)).status_code == 404
    assert (await user.call("GET", KEYS, other)).json()["items"] == []
    assert (await _exchange(client, key["api_key"])).status_code == 200


@pytest.mark.parametrize("key", ["", "euterpe_ak_made-up", "\0", "é"])
async def test_unknown_keys_are_401(client: httpx.AsyncClient, key: str) -> None:
    assert (await _exchange(client, key)).status_code == 401


async def test_an_account_has_at_most_50_keys(user: Any, rows: Any) -> None:
    access = (await user.tokens())["access_token"]
    await _make(user, access)
    await rows(
        "INSERT INTO api_keys SELECT gen_random_uuid(), user_id, name, prefix, decode(md5(n::text), 'hex'), scopes,"
        " created_at, expires_at FROM api_keys, generate_series(1, 49) AS n"
    )
    answer = await user.call("POST", KEYS, access, json=BODY)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-keys")
    assert "50" in answer.json()["detail"]


INVALID_KEYS = [
    ({"name": ""}, "body.name"),
    ({"name": "x" * 65}, "body.name"),
    ({"name": "a\0b"}, "body.name"),
    ({"scopes": []}, "body.scopes"),
    ({"scopes": ["everything"]}, "body.scopes.0"),
    ({"expires_in_days": 0}, "body.expires_in_days"),
    ({"expires_in_days": 367}, "body.expires_in_days"),
    ({"owner": "x"}, "body.owner"),
]


async def test_invalid_input_names_the_field(user: Any, subtests: pytest.Subtests) -> None:
    access = (await user.tokens())["access_token"]
    for change, field in INVALID_KEYS:
        with subtests.test(change=change, field=field):
            answer = await user.call("POST", KEYS, access, json=BODY | change)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
