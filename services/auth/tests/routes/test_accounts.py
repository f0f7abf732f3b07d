"""Change of password, deletion, and the audit log."""

import asyncio
from typing import Any

import pytest

NEW = "op. 17, in G minor"


async def _change(user: Any, access: str, current: str, new: str = NEW) -> Any:
    return await user.call("PUT", "/me/password", access, json={"current_password": current, "new_password": new})


async def test_a_password_change_ends_other_sessions(user: Any) -> None:
    other, mine = await user.tokens(), (await user.log_in()).json()
    assert (await _change(user, mine["access_token"], user.password)).status_code == 204
    assert (await user.refresh(other["refresh_token"])).status_code == 401
    assert (await user.refresh(mine["refresh_token"])).status_code == 200
    assert (await user.log_in()).status_code == 401
    assert (await user.log_in(password=NEW)).status_code == 200


async def test_of_concurrent_password_changes_one_succeeds(user: Any) -> None:
    access = (await user.tokens())["access_token"]
    passwords = ["first of two", "second of two"]
    answers = await asyncio.gather(*(_change(user, access, user.password, new) for new in passwords))
    assert sorted(answer.status_code for answer in answers) == [204, 422]
    logins = [(await user.log_in(password=new)).status_code for new in passwords]
    assert sorted(logins) == [200, 401]


async def test_a_wrong_password_changes_nothing(user: Any) -> None:
    tokens = await user.tokens()
    answer = await _change(user, tokens["access_token"], "op. 8")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.current_password")
    assert (await user.log_in()).status_code == 200
    assert (await user.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("new", ["short", "x" * 129, "PASSWORD", "football", "Clara.Schumann"])
async def test_password_rules_apply_to_the_new_password(make_user: Any, client: Any, new: str) -> None:
    user = make_user(client, username="clara.schumann")
    access = (await user.tokens())["access_token"]
    answer = await _change(user, access, user.password, new)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.new_password")


async def test_password_attempts_with_a_token_are_limited(user: Any, clock: Any) -> None:
    access = (await user.tokens())["access_token"]
    answers = [await _change(user, access, f"guess {number}") for number in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert (await user.call("POST", "/me/deletion", access, json={"password": user.password})).status_code == 429
    clock.advance(seconds=int(answers[-1].headers["retry-after"]))
    assert (await _change(user, access, user.password)).status_code == 204


async def test_deleting_the_account(user: Any, rows: Any) -> None:
    tokens = await user.tokens()
    access = tokens["access_token"]
    key = (await user.call("POST", "/api-keys", access, json={"name": "x", "scopes": ["songs:read"]})).json()
    wrong = await user.call("POST", "/me/deletion", access, json={"password": "op. 8"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body.password")
    assert (await user.call("POST", "/me/deletion", access, json={"password": user.password})).status_code == 202
    for table in ("users", "sessions", "refresh_tokens", "api_keys"):
        assert await rows(f"SELECT 1 FROM {table}") == [], table
    assert [row[0] for row in await rows("SELECT kind FROM peer_tasks")] == ["delete_listener"]
    assert (await user.me(access)).status_code == 401
    assert (await user.refresh(tokens["refresh_token"])).status_code == 401
    assert (await user.client.post("/api/v1/auth/api-keys/token", json={"api_key": key["api_key"]})).status_code == 401
    assert (await user.log_in()).status_code == 401
    again = await user.call("POST", "/me/deletion", access, json={"password": user.password})
    assert again.status_code == 401
    assert (await user.register()).status_code == 201


async def test_claimed_songs_are_deleted_with_the_account(user: Any, rows: Any) -> None:
    access, guest = (await user.tokens())["access_token"], await user.guest()
    await user.call("POST", "/me/claims", access, json={"guest_token": guest["access_token"]})
    await user.call("POST", "/me/deletion", access, json={"password": user.password})
    kinds = await rows("SELECT kind, target_id, repeat_at FROM peer_tasks")
    assert [tuple(row) for row in kinds] == [("delete_listener", None, None)] * 2


async def test_the_audit_log_of_an_account(user: Any, make_user: Any, at: Any, clock: Any) -> None:
    first = await user.tokens()
    async with at(user.client, "203.0.113.5") as elsewhere:
        await make_user(elsewhere).log_in(password="op. 8")
    await user.refresh(first["refresh_token"])
    clock.advance(seconds=11)
    await user.refresh(first["refresh_token"])
    access = (await user.log_in()).json()["access_token"]
    await _change(user, access, user.password)
    await user.call("POST", "/logout-everywhere", access)
    again = (await user.log_in(password=NEW)).json()["access_token"]
    page = (await user.call("GET", "/me/security-events", again)).json()
    assert [item["event"] for item in page["items"]][1:] == [
        "all_sessions_revoked", "password_changed", "logged_in", "refresh_token_reused", "login_failed", "logged_in",
        "registered",
    ]  # fmt: skip
    assert page["items"][5]["address"] == "203.0.113.5"
    assert page["next_before"] is None


async def test_the_audit_log_has_pages_and_is_separate_per_account(user: Any, make_user: Any) -> None:
    await make_user(user.client, username="johannes").tokens()
    access = (await user.tokens())["access_token"]
    first = (await user.call("GET", "/me/security-events", access, params={"limit": 1})).json()
    more = {"limit": 1, "before": first["next_before"]}
    second = (await user.call("GET", "/me/security-events", access, params=more)).json()
    assert [page["items"][0]["event"] for page in (first, second)] == ["logged_in", "registered"]
    last = {"limit": 1, "before": second["next_before"]}
    assert (await user.call("GET", "/me/security-events", access, params=last)).json()["items"] == []


async def test_an_export_contains_sessions_keys_and_events_without_secrets(user: Any) -> None:
    tokens = await user.tokens()
    access = tokens["access_token"]
    await user.log_in(password="a wrong one")
    key = (await user.call("POST", "/api-keys", access, json={"name": "studio", "scopes": ["songs:read"]})).json()
    for _ in range(3):
        await user.log_in()
    answer = await user.call("GET", "/me/export", access)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    exported = answer.json()
    assert exported["account"]["username"] == "Clara"
    assert [each["current"] for each in exported["sessions"]].count(True) == 1
    assert len(exported["sessions"]) == 4
    assert [each["id"] for each in exported["api_keys"]] == [key["id"]]
    events = [each["event"] for each in exported["security_events"]]
    assert events.count("logged_in") == 4
    assert {"registered", "login_failed", "api_key_created"} <= set(events)
    for secret in (key["api_key"], tokens["refresh_token"], access, user.password):
        assert secret not in answer.text
