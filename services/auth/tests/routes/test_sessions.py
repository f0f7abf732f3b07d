"""Sessions: seen, and ended one by one or all at once."""

import uuid
from typing import Any

import httpx


async def test_a_listener_sees_where_it_is_logged_in(
    listener: Any, client: httpx.AsyncClient, at: Any, clock: Any
) -> None:
    await listener.tokens()
    clock.advance(hours=1)
    client.headers["user-agent"] = "Opus/131 (X11)"
    access = (await listener.log_in()).json()["access_token"]
    items = (await listener.call("GET", "/sessions", access)).json()["items"]
    assert [item["current"] for item in items] == [True, False]
    assert items[0]["user_agent"] == "Opus/131 (X11)"
    assert items[0]["address"] == "127.0.0.1"
    assert items[0]["created_at"] > items[1]["created_at"]


async def test_a_refresh_says_when_and_where_from(listener: Any, listener_of: Any, at: Any, clock: Any) -> None:
    tokens = await listener.tokens()
    clock.advance(days=2)
    async with at(listener.client, "198.51.100.9") as elsewhere:
        tokens = (await listener_of(elsewhere).refresh(tokens["refresh_token"])).json()
    (item,) = (await listener.call("GET", "/sessions", tokens["access_token"])).json()["items"]
    assert (item["address"], item["current"]) == ("198.51.100.9", True)
    assert item["last_used_at"][:10] > item["created_at"][:10]


async def test_ending_one_session(listener: Any) -> None:
    phone = await listener.tokens()
    desk = (await listener.log_in()).json()
    items = (await listener.call("GET", "/sessions", desk["access_token"])).json()["items"]
    (lost,) = [item["id"] for item in items if not item["current"]]
    for status in (204, 404):
        assert (await listener.call("DELETE", f"/sessions/{lost}", desk["access_token"])).status_code == status
    assert (await listener.refresh(phone["refresh_token"])).status_code == 401
    assert (await listener.refresh(desk["refresh_token"])).status_code == 200
    assert len((await listener.call("GET", "/sessions", desk["access_token"])).json()["items"]) == 1


async def test_somebody_else_s_session_is_as_good_as_none(listener: Any, listener_of: Any) -> None:
    tokens = await listener.tokens()
    (item,) = (await listener.call("GET", "/sessions", tokens["access_token"])).json()["items"]
    other = (await listener_of(listener.client, username="johannes").tokens())["access_token"]
    theirs = await listener.call("DELETE", f"/sessions/{item['id']}", other)
    nobodys = await listener.call("DELETE", f"/sessions/{uuid.uuid4()}", other)
    assert (theirs.status_code, theirs.json()["detail"]) == (404, nobodys.json()["detail"])
    assert (await listener.refresh(tokens["refresh_token"])).status_code == 200


async def test_logout_everywhere_and_only_of_this_account(listener: Any, listener_of: Any) -> None:
    first, second = await listener.tokens(), (await listener.log_in()).json()
    other = await listener_of(listener.client, username="johannes").tokens()
    assert (await listener.call("POST", "/logout-everywhere", first["access_token"])).status_code == 204
    for tokens in (first, second):
        assert (await listener.refresh(tokens["refresh_token"])).status_code == 401
    assert (await listener.refresh(other["refresh_token"])).status_code == 200
    assert (await listener.log_in()).status_code == 200


async def test_a_repeated_answer_dies_with_its_session(listener: Any) -> None:
    """Within the grace, too, the predecessor of a revoked session's token opens nothing."""
    first = await listener.tokens()
    await listener.refresh(first["refresh_token"])
    await listener.call("POST", "/logout-everywhere", first["access_token"])
    assert (await listener.refresh(first["refresh_token"])).status_code == 401
