"""Changing the password, leaving, and what the audit log tells of it."""

import asyncio
from typing import Any

import pytest

NEW = "op. 17, in G minor"


async def _change(listener: Any, access: str, current: str, new: str = NEW) -> Any:
    return await listener.call("PUT", "/me/password", access, json={"current_password": current, "new_password": new})


async def test_another_password_ends_the_other_sessions(listener: Any) -> None:
    other, mine = await listener.tokens(), (await listener.log_in()).json()
    assert (await _change(listener, mine["access_token"], listener.password)).status_code == 204
    assert (await listener.refresh(other["refresh_token"])).status_code == 401
    assert (await listener.refresh(mine["refresh_token"])).status_code == 200
    assert (await listener.log_in()).status_code == 401
    assert (await listener.log_in(password=NEW)).status_code == 200


async def test_of_two_changes_at_once_one_counts(listener: Any) -> None:
    access = (await listener.tokens())["access_token"]
    passwords = ["first of two", "second of two"]
    answers = await asyncio.gather(*(_change(listener, access, listener.password, new) for new in passwords))
    assert sorted(answer.status_code for answer in answers) == [204, 422]
    logins = [(await listener.log_in(password=new)).status_code for new in passwords]
    assert sorted(logins) == [200, 401]


async def test_a_wrong_password_changes_nothing(listener: Any) -> None:
    tokens = await listener.tokens()
    answer = await _change(listener, tokens["access_token"], "op. 8")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.current_password")
    assert (await listener.log_in()).status_code == 200
    assert (await listener.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("new", ["short", "x" * 129, "PASSWORD", "football", "Clara.Schumann"])
async def test_the_rules_hold_for_the_next_password_too(listener_of: Any, client: Any, new: str) -> None:
    listener = listener_of(client, username="clara.schumann")
    access = (await listener.tokens())["access_token"]
    answer = await _change(listener, access, listener.password, new)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.new_password")


async def test_guesses_with_a_stolen_token_are_limited(listener: Any, clock: Any) -> None:
    access = (await listener.tokens())["access_token"]
    answers = [await _change(listener, access, f"guess {number}") for number in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert (
        await listener.call("POST", "/me/deletion", access, json={"password": listener.password})
    ).status_code == 429
    clock.advance(seconds=int(answers[-1].headers["retry-after"]))
    assert (await _change(listener, access, listener.password)).status_code == 204


async def test_leaving_for_good(listener: Any, rows: Any) -> None:
    tokens = await listener.tokens()
    access = tokens["access_token"]
    key = (await listener.call("POST", "/api-keys", access, json={"name": "x", "scopes": ["songs:read"]})).json()
    wrong = await listener.call("POST", "/me/deletion", access, json={"password": "op. 8"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body.password")
    assert (
        await listener.call("POST", "/me/deletion", access, json={"password": listener.password})
    ).status_code == 202
    for table in ("users", "sessions", "refresh_tokens", "api_keys"):
        assert await rows(f"SELECT 1 FROM {table}") == [], table
    assert [row[0] for row in await rows("SELECT kind FROM peer_tasks")] == ["delete_listener"]
    assert (await listener.me(access)).status_code == 401
    assert (await listener.refresh(tokens["refresh_token"])).status_code == 401
    assert (
        await listener.client.post("/api/v1/auth/api-keys/token", json={"api_key": key["api_key"]})
    ).status_code == 401
    assert (await listener.log_in()).status_code == 401
    again = await listener.call("POST", "/me/deletion", access, json={"password": listener.password})
    assert again.status_code == 401
    assert (await listener.register()).status_code == 201


async def test_what_was_claimed_goes_with_the_account(listener: Any, rows: Any) -> None:
    access, guest = (await listener.tokens())["access_token"], await listener.guest()
    await listener.call("POST", "/me/claims", access, json={"guest_token": guest["access_token"]})
    await listener.call("POST", "/me/deletion", access, json={"password": listener.password})
    kinds = await rows("SELECT kind, target_id, repeat_at FROM peer_tasks")
    assert [tuple(row) for row in kinds] == [("delete_listener", None, None)] * 2


async def test_the_audit_log_tells_its_owner(listener: Any, listener_of: Any, at: Any, clock: Any) -> None:
    first = await listener.tokens()
    async with at(listener.client, "203.0.113.5") as elsewhere:
        await listener_of(elsewhere).log_in(password="op. 8")
    await listener.refresh(first["refresh_token"])
    clock.advance(seconds=11)
    await listener.refresh(first["refresh_token"])
    access = (await listener.log_in()).json()["access_token"]
    await _change(listener, access, listener.password)
    await listener.call("POST", "/logout-everywhere", access)
    page = (await listener.call("GET", "/me/security-events", access)).json()
    assert [item["event"] for item in page["items"]] == [
        "all_sessions_revoked", "password_changed", "logged_in", "refresh_token_reused", "login_failed", "logged_in",
        "registered",
    ]  # fmt: skip
    assert page["items"][4]["address"] == "203.0.113.5"
    assert page["next_before"] is None


async def test_the_audit_log_in_pages_and_of_one_account(listener: Any, listener_of: Any) -> None:
    await listener_of(listener.client, username="johannes").tokens()
    access = (await listener.tokens())["access_token"]
    first = (await listener.call("GET", "/me/security-events", access, params={"limit": 1})).json()
    more = {"limit": 1, "before": first["next_before"]}
    second = (await listener.call("GET", "/me/security-events", access, params=more)).json()
    assert [page["items"][0]["event"] for page in (first, second)] == ["logged_in", "registered"]
    last = {"limit": 1, "before": second["next_before"]}
    assert (await listener.call("GET", "/me/security-events", access, params=last)).json()["items"] == []
