"""Listing and ending sessions."""

import uuid
from typing import Any

import httpx


async def test_sessions_are_listed_with_address_and_user_agent(
    user: Any, client: httpx.AsyncClient, at: Any, clock: Any
) -> None:
    await user.tokens()
    clock.advance(hours=1)
    client.headers["user-agent"] = "Opus/131 (X11)"
    access = (await user.log_in()).json()["access_token"]
    items = (await user.call("GET", "/sessions", access)).json()["items"]
    assert [item["current"] for item in items] == [True, False]
    assert items[0]["user_agent"] == "Opus/131 (X11)"
    assert items[0]["address"] == "127.0.0.1"
    assert items[0]["created_at"] > items[1]["created_at"]


async def test_a_refresh_updates_time_and_address(user: Any, make_user: Any, at: Any, clock: Any) -> None:
    tokens = await user.tokens()
    clock.advance(days=2)
    async with at(user.client, "198.51.100.9") as elsewhere:
        tokens = (await make_user(elsewhere).refresh(tokens["refresh_token"])).json()
    (item,) = (await user.call("GET", "/sessions", tokens["access_token"])).json()["items"]
    assert (item["address"], item["current"]) == ("198.51.100.9", True)
    assert item["last_used_at"][:10] > item["created_at"][:10]


async def test_revoking_one_session(user: Any) -> None:
    phone = await user.tokens()
    desk = (await user.log_in()).json()
    items = (await user.call("GET", "/sessions", desk["access_token"])).json()["items"]
    (lost,) = [item["id"] for item in items if not item["current"]]
    for status in (204, 404):
        assert (await user.call("DELETE", f"/sessions/{lost}", desk["access_token"])).status_code == status
    assert (await user.refresh(phone["refresh_token"])).status_code == 401
    assert (await user.refresh(desk["refresh_token"])).status_code == 200
    assert len((await user.call("GET", "/sessions", desk["access_token"])).json()["items"]) == 1


async def test_sessions_of_others_look_like_missing_ones(user: Any, make_user: Any) -> None:
    tokens = await user.tokens()
    (item,) = (await user.call("GET", "/sessions", tokens["access_token"])).json()["items"]
    other = (await make_user(user.client, username="johannes").tokens())["access_token"]
    theirs = await user.call("DELETE", f"/sessions/{item['id']}", other)
    nobodys = await user.call("DELETE", f"/sessions/{uuid.uuid4()}", other)
    assert (theirs.status_code, theirs.json()["detail"]) == (404, nobodys.json()["detail"])
    assert (await user.refresh(tokens["refresh_token"])).status_code == 200


async def test_logout_everywhere_affects_this_account_only(user: Any, make_user: Any) -> None:
    first, second = await user.tokens(), (await user.log_in()).json()
    other = await make_user(user.client, username="johannes").tokens()
    assert (await user.call("POST", "/logout-everywhere", first["access_token"])).status_code == 204
    for tokens in (first, second):
        assert (await user.refresh(tokens["refresh_token"])).status_code == 401
    assert (await user.refresh(other["refresh_token"])).status_code == 200
    assert (await user.log_in()).status_code == 200


async def test_a_refresh_cannot_be_repeated_after_revocation(user: Any) -> None:
    """The predecessor of a revoked session's token is refused within the grace period as well."""
    first = await user.tokens()
    await user.refresh(first["refresh_token"])
    await user.call("POST", "/logout-everywhere", first["access_token"])
    assert (await user.refresh(first["refresh_token"])).status_code == 401


async def test_a_session_ends_after_two_weeks_without_use(user: Any, clock: Any) -> None:
    used, unused = await user.tokens(), (await user.log_in()).json()
    for _ in range(2):
        clock.advance(days=8)
        answer = await user.refresh(used["refresh_token"])
        assert answer.status_code == 200
        used = answer.json()
    assert (await user.refresh(unused["refresh_token"])).status_code == 401
    assert len((await user.call("GET", "/sessions", used["access_token"])).json()["items"]) == 1


async def test_a_guest_keeps_its_only_session(user: Any, clock: Any) -> None:
    guest = await user.guest()
    clock.advance(days=20)
    assert (await user.refresh(guest["refresh_token"])).status_code == 200
