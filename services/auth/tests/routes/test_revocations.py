"""The list of revoked users, sessions and API keys, which services pull."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from euterpe_service_kit.errors import SessionEnded
from euterpe_service_kit.revocations import PATH, remote_revocations
from euterpe_service_kit.tokens import ACCESS, RemoteKeys, TokenVerifier

JWKS_URL = "http://testserver/.well-known/jwks.json"


@pytest.fixture
def verifier(client: httpx.AsyncClient) -> TokenVerifier:
    """The verifier of another service."""
    return TokenVerifier(RemoteKeys(JWKS_URL, client), ACCESS, revocations=remote_revocations(JWKS_URL, client))


async def _refused(verifier: TokenVerifier, token: str) -> bool:
    # Auth reads its list at most once a second.
    await asyncio.sleep(1.1)
    await verifier._revocations.refresh()  # type: ignore[union-attr]
    try:
        await verifier.verify(token)
    except SessionEnded:
        return True
    return False


async def _log_out(user: Any, tokens: dict[str, Any]) -> None:
    await user.client.post("/api/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})


async def _log_out_everywhere(user: Any, tokens: dict[str, Any]) -> None:
    await user.call("POST", "/logout-everywhere", tokens["access_token"])


async def _end_session(user: Any, tokens: dict[str, Any]) -> None:
    other = (await user.log_in()).json()["access_token"]
    sessions = (await user.call("GET", "/sessions", other)).json()["items"]
    (id_,) = (one["id"] for one in sessions if not one["current"])
    await user.call("DELETE", f"/sessions/{id_}", other)


async def _change_password(user: Any, tokens: dict[str, Any]) -> None:
    other = (await user.log_in()).json()["access_token"]
    body = {"current_password": user.password, "new_password": "op. 17, in G minor"}
    await user.call("PUT", "/me/password", other, json=body)


async def _reuse(user: Any, tokens: dict[str, Any]) -> None:
    for _ in range(3):
        later = (await user.refresh(tokens["refresh_token"])).json()
        await user.refresh(later.get("refresh_token", tokens["refresh_token"]))


async def _delete(user: Any, tokens: dict[str, Any]) -> None:
    await user.call("POST", "/me/deletion", tokens["access_token"], json={"password": user.password})


@pytest.mark.parametrize("end", [_log_out, _log_out_everywhere, _end_session, _change_password, _reuse, _delete])
async def test_the_access_token_of_an_ended_session_is_refused(
    user: Any, verifier: TokenVerifier, end: Callable[..., Any]
) -> None:
    tokens = await user.tokens()
    assert (await verifier.verify(tokens["access_token"])).name == "Clara"
    await end(user, tokens)
    assert await _refused(verifier, tokens["access_token"])
    assert (await user.me(tokens["access_token"])).status_code == 401


async def test_the_token_of_a_revoked_key_is_refused_and_the_session_continues(
    user: Any, client: httpx.AsyncClient, verifier: TokenVerifier
) -> None:
    access = (await user.tokens())["access_token"]
    new = (await user.call("POST", "/api-keys", access, json={"name": "a", "scopes": ["songs:read"]})).json()
    exchanged = (await client.post("/api/v1/auth/api-keys/token", json={"api_key": new["api_key"]})).json()
    assert (await verifier.verify(exchanged["access_token"])).api_key_id == new["id"]
    await user.call("DELETE", f"/api-keys/{new['id']}", access)
    assert await _refused(verifier, exchanged["access_token"])
    assert (await verifier.verify(access)).name == "Clara"


async def test_a_guest_that_registers_or_is_claimed_loses_its_tokens(user: Any, verifier: TokenVerifier) -> None:
    registered, claimed = (await user.guest())["access_token"], (await user.guest())["access_token"]
    headers = {"Authorization": f"Bearer {registered}"}
    body = {"username": "Robert", "password": "op. 9, Carnaval"}
    assert (await user.client.post("/api/v1/auth/users", json=body, headers=headers)).status_code == 201
    access = (await user.tokens())["access_token"]
    await user.call("POST", "/me/claims", access, json={"guest_token": claimed})
    assert await _refused(verifier, registered)
    assert await _refused(verifier, claimed)
    # The account that the guest became has the same id, so only its sessions are revoked.
    login = await user.log_in(**body)
    assert (await verifier.verify(login.json()["access_token"])).name == "Robert"


async def test_a_revocation_ends_when_no_token_is_left(user: Any, client: httpx.AsyncClient, clock: Any) -> None:
    tokens = await user.tokens()
    await _log_out(user, tokens)
    await asyncio.sleep(1.1)
    assert len((await client.get(PATH)).json()["ids"]) == 1
    clock.advance(minutes=17)
    await asyncio.sleep(1.1)
    assert (await client.get(PATH)).json()["ids"] == []


async def test_the_list_has_an_entity_tag(user: Any, client: httpx.AsyncClient) -> None:
    first = await client.get(PATH)
    assert (first.status_code, first.json()) == (200, {"ids": []})
    again = await client.get(PATH, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
