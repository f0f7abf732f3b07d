"""Guests, their registration and claims."""

import asyncio
from typing import Any

import httpx
import jwt


def _sub(access_token: str) -> str:
    return str(jwt.decode(access_token, options={"verify_signature": False})["sub"])


async def _register(client: httpx.AsyncClient, guest_token: str, **changes: str) -> httpx.Response:
    body = {"username": "Clara", "password": "op. 7, in A minor"} | changes
    return await client.post("/api/v1/auth/users", json=body, headers={"Authorization": f"Bearer {guest_token}"})


async def test_a_guest_has_an_id_of_its_own(user: Any) -> None:
    guest, other = await user.guest(), await user.guest()
    claims = jwt.decode(guest["access_token"], options={"verify_signature": False})
    assert (claims["guest"], claims["name"]) == (True, "Guest")
    assert claims["sub"] != _sub(other["access_token"])
    me = (await user.me(guest["access_token"])).json()
    assert (me["id"], me["guest"]) == (claims["sub"], True)


async def test_a_guest_keeps_its_id_after_a_refresh(user: Any, clock: Any) -> None:
    guest = await user.guest()
    clock.advance(days=3)
    renewed = (await user.refresh(guest["refresh_token"])).json()
    assert _sub(renewed["access_token"]) == _sub(guest["access_token"])
    assert jwt.decode(renewed["access_token"], options={"verify_signature": False})["guest"] is True


async def test_a_guest_who_registers_keeps_the_id(user: Any, client: httpx.AsyncClient, rows: Any) -> None:
    guest = await user.guest()
    answer = await _register(client, guest["access_token"])
    assert answer.status_code == 201
    assert answer.json()["id"] == _sub(guest["access_token"])
    access = (await user.log_in()).json()["access_token"]
    assert _sub(access) == answer.json()["id"]
    assert not jwt.decode(access, options={"verify_signature": False}).get("guest")
    # The library is sent the author's name.
    ((kind, source, target, author),) = await rows("SELECT kind, listener_id, target_id, author FROM peer_tasks")
    assert (kind, str(source), str(target), author) == (
        "transfer_songs",
        answer.json()["id"],
        answer.json()["id"],
        "Clara",
    )


async def test_a_guests_sessions_end_with_the_registration(user: Any, client: httpx.AsyncClient) -> None:
    guest = await user.guest()
    await _register(client, guest["access_token"])
    assert (await user.refresh(guest["refresh_token"])).status_code == 401
    assert (await user.call("GET", "/sessions", guest["access_token"])).status_code == 403


async def test_a_guest_registers_once(user: Any, client: httpx.AsyncClient, rows: Any) -> None:
    guest = (await user.guest())["access_token"]
    names = [f"clara{number}" for number in range(4)]
    answers = await asyncio.gather(*(_register(client, guest, username=name) for name in names))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json().get("type") for answer in answers} == {None, "/problems/no-such-guest"}
    assert len(await rows("SELECT 1 FROM users")) == 1


async def test_a_guest_remains_after_a_failed_registration(user: Any, client: httpx.AsyncClient) -> None:
    await user.register()
    guest = await user.guest()
    assert (await _register(client, guest["access_token"])).status_code == 409
    assert (await user.refresh(guest["refresh_token"])).status_code == 200


async def test_registering_with_an_accounts_token_creates_another_account(user: Any, client: httpx.AsyncClient) -> None:
    access = (await user.tokens())["access_token"]
    answer = await _register(client, access, username="johannes")
    assert answer.status_code == 201
    assert answer.json()["id"] != _sub(access)
    assert (await user.me(access)).json()["username"] == "Clara"


async def test_an_account_claims_a_guest(user: Any, rows: Any) -> None:
    access, guest = (await user.tokens())["access_token"], await user.guest()
    body = {"guest_token": guest["access_token"]}
    assert (await user.call("POST", "/me/claims", access, json=body)).status_code == 202
    ((source, target, author),) = await rows("SELECT listener_id, target_id, author FROM peer_tasks")
    assert (str(source), str(target), author) == (_sub(guest["access_token"]), _sub(access), "Clara")
    assert (await user.refresh(guest["refresh_token"])).status_code == 401
    again = await user.call("POST", "/me/claims", access, json=body)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/no-such-guest")


async def test_accounts_and_forged_tokens_cannot_be_claimed(user: Any, make_user: Any, rows: Any) -> None:
    access = (await user.tokens())["access_token"]
    other = (await make_user(user.client, username="johannes").tokens())["access_token"]
    for token, status in ((other, 409), (access, 409), ("a.b.c", 401), ("", 401)):
        answer = await user.call("POST", "/me/claims", access, json={"guest_token": token})
        assert answer.status_code == status
    assert await rows("SELECT 1 FROM peer_tasks") == []


async def test_the_name_guest_is_reserved(client: httpx.AsyncClient) -> None:
    body = {"username": "gUEST", "password": "op. 7, in A minor"}
    assert (await client.post("/api/v1/auth/users", json=body)).status_code == 409


async def test_new_accounts_and_guests_per_address_are_limited(replica: Any, make_user: Any, clock: Any) -> None:
    async with replica(new_accounts_per_address=3) as client:
        user = make_user(client)
        assert [(await client.post("/api/v1/auth/guest")).status_code for _ in range(2)] == [200, 200]
        assert (await user.register()).status_code == 201
        answer = await client.post("/api/v1/auth/guest")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-attempts")
        clock.advance(seconds=int(answer.headers["retry-after"]))
        assert (await client.post("/api/v1/auth/guest")).status_code == 200
