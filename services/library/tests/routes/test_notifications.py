"""Notifications: written with their cause, once in the page, live in open pages, as the user's settings say."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.services.erasure import Erasure
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

Headers = dict[str, str]
NOTIFICATIONS = "/api/v1/library/notifications"


@pytest.fixture
def user(token_issuer: TokenIssuer) -> Callable[[str], Headers]:
    return lambda name: token_issuer.headers(name, name.title())


@pytest_asyncio.fixture
async def song(register: Any) -> str:
    """A public song of Clara's."""
    return str(await register(visibility=pb.VISIBILITY_PUBLIC))


async def listed(client: httpx.AsyncClient, headers: Headers, **query: Any) -> dict[str, Any]:
    answer = await client.get(NOTIFICATIONS, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def kinds(client: httpx.AsyncClient, headers: Headers) -> list[tuple[str, str | None]]:
    items = (await listed(client, headers))["items"]
    return [(item["kind"], item["actor"] and item["actor"]["name"]) for item in items]


async def test_each_cause_notifies_the_person_concerned_once(
    client: httpx.AsyncClient, register: Any, song: str, user: Any
) -> None:
    url, clara, robert, emil = f"/api/v1/songs/{song}", user("clara"), user("robert"), user("emil")
    for _ in range(2):
        await client.put(f"{url}/like", headers=robert)
        await client.put("/api/v1/library/authors/clara/follow", headers=robert)
        await client.delete(f"{url}/like", headers=robert)
    first = (await client.post(f"{url}/comments", json={"text": "Lovely, @Robert"}, headers=emil)).json()
    reply = {"text": "Thank you! cc @emil", "parent_id": first["id"]}
    await client.post(f"{url}/comments", json=reply, headers=clara)
    remix = await register(owner_id="emil", author="Emil", remix_of=song)
    for visibility in ("public", "private", "unlisted"):
        await client.patch(f"/api/v1/songs/{remix}", json={"visibility": visibility}, headers=emil)
    await register(composing_seconds=31.0)
    await register(composing_seconds=2.0)
    assert await kinds(client, clara) == [
        ("generation", None),
        ("remix", "Emil"),
        ("comment", "Emil"),
        ("follow", "Robert"),
        ("like", "Robert"),
    ]
    # Emil is mentioned in a reply to him: one notification.
    assert await kinds(client, emil) == [("reply", "Clara")]
    assert await kinds(client, robert) == [("mention", "Emil")]
    newest = (await listed(client, emil))["items"][0]
    assert (newest["song_title"], newest["text"], newest["read"]) == ("Nocturne", "Thank you! cc @emil", False)


async def test_notifications_are_read_and_unread_again(client: httpx.AsyncClient, song: str, user: Any) -> None:
    clara, names = user("clara"), ["robert", "emil", "fanny"]
    for name in names:
        await client.put(f"/api/v1/songs/{song}/like", headers=user(name))
    page = await listed(client, clara, limit=2)
    assert (page["unread_count"], len(page["items"])) == (3, 2)
    rest = await listed(client, clara, cursor=page["next_cursor"])
    assert [item["actor"]["name"] for item in page["items"] + rest["items"]] == ["Fanny", "Emil", "Robert"]
    path = f"{NOTIFICATIONS}/{page['items'][0]['id']}/read"
    assert (await client.put(path, headers=user("robert"))).status_code == 404
    assert (await client.put(path, headers=clara)).status_code == 204
    assert [item["actor"]["name"] for item in (await listed(client, clara, unread=True))["items"]] == ["Emil", "Robert"]
    await client.delete(path, headers=clara)
    await client.put(f"{NOTIFICATIONS}/read", json={"until": page["items"][1]["id"]}, headers=clara)
    assert (await listed(client, clara))["unread_count"] == 1


async def test_open_pages_are_updated_at_once_and_show_each_notification_once(
    app: FastAPI, client: httpx.AsyncClient, song: str, user: Any
) -> None:
    updates = app.state.notification_stream.follow("clara", None)
    first = await anext(updates)
    assert (first.unread_count, first.latest) == (0, None)
    following = asyncio.ensure_future(anext(updates))
    await client.put(f"/api/v1/songs/{song}/like", headers=user("robert"))
    # Far below the interval at which the stream reads without an announcement.
    second = await asyncio.wait_for(following, 20)
    assert (second.unread_count, second.latest.actor) == (1, "Robert")
    following = asyncio.ensure_future(anext(updates))
    await client.put(f"{NOTIFICATIONS}/read", json={}, headers=user("clara"))
    third = await asyncio.wait_for(following, 20)
    assert (third.unread_count, third.latest) == (0, None)
    await updates.aclose()
    resumed = app.state.notification_stream.follow("clara", second.latest.id)
    assert (await anext(resumed)).latest is None
    await resumed.aclose()


async def test_settings_decide_where_a_kind_is_notified(
    app: FastAPI, client: httpx.AsyncClient, song: str, user: Any
) -> None:
    clara, url = user("clara"), "/api/v1/library/notification-settings"
    defaults = (await client.get(url, headers=clara)).json()
    assert (defaults["digest"], defaults["kinds"]["like"]) == ("off", {"page": True, "email": True})
    body = {"digest": "weekly", "language": "es", "kinds": {"like": {"page": False}, "follow": {"email": False}}}
    stored = (await client.put(url, json=body, headers=clara)).json()
    assert stored == (await client.get(url, headers=clara)).json()
    assert (stored["digest"], stored["kinds"]["follow"]) == ("weekly", {"page": True, "email": False})
    await client.put(f"/api/v1/songs/{song}/like", headers=user("robert"))
    await client.put("/api/v1/library/authors/clara/follow", headers=user("robert"))
    assert await kinds(client, clara) == [("follow", "Robert")]
    assert (await listed(client, clara))["unread_count"] == 1
    wrong = await client.put(url, json={"kinds": {"applause": {}}}, headers=clara)
    assert wrong.status_code == 422


async def test_a_private_song_and_a_deleted_account_leave_no_trace(
    app: FastAPI, client: httpx.AsyncClient, song: str, user: Any, library: Any, auth_peer: Any
) -> None:
    url, emil = f"/api/v1/songs/{song}", user("emil")
    first = (await client.post(f"{url}/comments", json={"text": "Hello"}, headers=emil)).json()
    await client.post(f"{url}/comments", json={"text": "Hello, Emil", "parent_id": first["id"]}, headers=user("robert"))
    await client.patch(url, json={"visibility": "private"}, headers=user("clara"))
    item = (await listed(client, emil))["items"][0]
    assert (item["song_id"], item["song_title"]) == (None, None)
    await client.patch(url, json={"visibility": "public"}, headers=user("clara"))
    erasure: Erasure = app.state.erasure
    await erasure.delete_user("emil")
    comments = (await client.get(f"{url}/comments")).json()["items"]
    assert [(each["state"], each["author"], each["text"]) for each in comments] == [("deleted", "", "")]
    assert [reply["text"] for reply in comments[0]["replies"]] == ["Hello, Emil"]
    assert (await client.get(url)).json()["comment_count"] == 1
    assert await kinds(client, user("clara")) == [("comment", "Robert")]
    async with app.state.database.sessions() as session:
        for table, column in (("notifications", "recipient_id"), ("profiles", "user_id")):
            rows = await session.scalar(text(f"SELECT count(*) FROM {table} WHERE {column} = 'emil'"))
            assert rows == 0, table


async def test_a_guests_notifications_move_to_the_account(
    client: httpx.AsyncClient, register: Any, user: Any, library: Any, auth_peer: Any
) -> None:
    await register(owner_id="guest", author="Guest", composing_seconds=60.0)
    transfer = pb.TransferSongsRequest(from_listener_id="guest", to_listener_id="clara", author="Clara")
    await library.TransferSongs(transfer, metadata=auth_peer)
    assert await kinds(client, user("clara")) == [("generation", None)]
