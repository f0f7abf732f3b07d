"""Guests, and how they become somebody."""

import asyncio
from typing import Any

import httpx
import jwt


def _sub(access_token: str) -> str:
    return str(jwt.decode(access_token, options={"verify_signature": False})["sub"])


async def _register(client: httpx.AsyncClient, guest_token: str, **changes: str) -> httpx.Response:
    body = {"username": "Clara", "password": "op. 7, in A minor"} | changes
    return await client.post("/api/v1/auth/users", json=body, headers={"Authorization": f"Bearer {guest_token}"})


async def test_a_guest_is_somebody(listener: Any) -> None:
    guest, other = await listener.guest(), await listener.guest()
    claims = jwt.decode(guest["access_token"], options={"verify_signature": False})
    assert (claims["guest"], claims["name"]) == (True, "Guest")
    assert claims["sub"] != _sub(other["access_token"])
    me = (await listener.me(guest["access_token"])).json()
    assert (me["id"], me["guest"]) == (claims["sub"], True)


async def test_a_guest_stays_the_same_over_days(listener: Any, clock: Any) -> None:
    guest = await listener.guest()
    clock.advance(days=3)
    renewed = (await listener.refresh(guest["refresh_token"])).json()
    assert _sub(renewed["access_token"]) == _sub(guest["access_token"])
    assert jwt.decode(renewed["access_token"], options={"verify_signature": False})["guest"] is True


async def test_a_guest_who_registers_keeps_the_id(listener: Any, client: httpx.AsyncClient, rows: Any) -> None:
    guest = await listener.guest()
    answer = await _register(client, guest["access_token"])
    assert answer.status_code == 201
    assert answer.json()["id"] == _sub(guest["access_token"])
    access = (await listener.log_in()).json()["access_token"]
    assert _sub(access) == answer.json()["id"]
    assert not jwt.decode(access, options={"verify_signature": False}).get("guest")
    # The library learns the author's name.
    ((kind, source, target, author),) = await rows("SELECT kind, listener_id, target_id, author FROM peer_tasks")
    assert (kind, str(source), str(target), author) == (
        "transfer_songs",
        answer.json()["id"],
        answer.json()["id"],
        "Clara",
    )


async def test_a_guest_s_session_does_not_become_the_account_s(listener: Any, client: httpx.AsyncClient) -> None:
    guest = await listener.guest()
    await _register(client, guest["access_token"])
    assert (await listener.refresh(guest["refresh_token"])).status_code == 401
    assert (await listener.call("GET", "/sessions", guest["access_token"])).status_code == 403


async def test_a_guest_registers_once(listener: Any, client: httpx.AsyncClient, rows: Any) -> None:
    guest = (await listener.guest())["access_token"]
    names = [f"clara{number}" for number in range(4)]
    answers = await asyncio.gather(*(_register(client, guest, username=name) for name in names))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json().get("type") for answer in answers} == {None, "/problems/no-such-guest"}
    assert len(await rows("SELECT 1 FROM users")) == 1


async def test_a_taken_name_leaves_the_guest_a_guest(listener: Any, client: httpx.AsyncClient) -> None:
    await listener.register()
    guest = await listener.guest()
    assert (await _register(client, guest["access_token"])).status_code == 409
    assert (await listener.refresh(guest["refresh_token"])).status_code == 200


async def test_a_listener_who_registers_another_account_keeps_its_own(listener: Any, client: httpx.AsyncClient) -> None:
    access = (await listener.tokens())["access_token"]
    answer = await _register(client, access, username="johannes")
    assert answer.status_code == 201
    assert answer.json()["id"] != _sub(access)
    assert (await listener.me(access)).json()["username"] == "Clara"


async def test_an_account_claims_what_it_composed_as_a_guest(listener: Any, rows: Any) -> None:
    access, guest = (await listener.tokens())["access_token"], await listener.guest()
    body = {"guest_token": guest["access_token"]}
    assert (await listener.call("POST", "/me/claims", access, json=body)).status_code == 202
    ((source, target, author),) = await rows("SELECT listener_id, target_id, author FROM peer_tasks")
    assert (str(source), str(target), author) == (_sub(guest["access_token"]), _sub(access), "Clara")
    assert (await listener.refresh(guest["refresh_token"])).status_code == 401
    again = await listener.call("POST", "/me/claims", access, json=body)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/no-such-guest")


async def test_nobody_claims_an_account_or_a_forgery(listener: Any, listener_of: Any, rows: Any) -> None:
    access = (await listener.tokens())["access_token"]
    other = (await listener_of(listener.client, username="johannes").tokens())["access_token"]
    for token, status in ((other, 409), (access, 409), ("a.b.c", 401), ("", 401)):
        answer = await listener.call("POST", "/me/claims", access, json={"guest_token": token})
        assert answer.status_code == status
    assert await rows("SELECT 1 FROM peer_tasks") == []


async def test_nobody_is_called_guest(client: httpx.AsyncClient) -> None:
    body = {"username": "gUEST", "password": "op. 7, in A minor"}
    assert (await client.post("/api/v1/auth/users", json=body)).status_code == 409


async def test_an_address_makes_so_many_accounts_and_guests(replica: Any, listener_of: Any, clock: Any) -> None:
    async with replica(new_accounts_per_address=3) as client:
        listener = listener_of(client)
        assert [(await client.post("/api/v1/auth/guest")).status_code for _ in range(2)] == [200, 200]
        assert (await listener.register()).status_code == 201
        answer = await client.post("/api/v1/auth/guest")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-attempts")
        clock.advance(seconds=int(answer.headers["retry-after"]))
        assert (await client.post("/api/v1/auth/guest")).status_code == 200
