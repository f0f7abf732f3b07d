"""Discussions: replies, edits, pins, mentions, blocked users, and the decisions of moderators."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

Headers = dict[str, str]
LIBRARY = "/api/v1/library"


@pytest.fixture
def user(token_issuer: TokenIssuer) -> Callable[[str], Headers]:
    return lambda name: token_issuer.headers(name, name.title())


@pytest.fixture
def operator(token_issuer: TokenIssuer) -> Headers:
    return {"Authorization": f"Bearer {token_issuer.service_token('operator', scope='admin')}"}


@pytest_asyncio.fixture
async def url(register: Any) -> str:
    """The path of the comments on a public song of Clara's."""
    return f"/api/v1/songs/{await register(visibility=pb.VISIBILITY_PUBLIC)}/comments"


async def write(client: httpx.AsyncClient, url: str, headers: Headers, **body: Any) -> dict[str, Any]:
    answer = await client.post(url, json={"text": "Hello"} | body, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_replies_form_threads_of_one_level(client: httpx.AsyncClient, url: str, user: Any) -> None:
    threads = [await write(client, url, user("robert"), text=f"thread {n}") for n in range(3)]
    parent = threads[0]["id"]
    replies = [await write(client, url, user("emil"), text=f"reply {n}", parent_id=parent) for n in range(22)]
    nested = await client.post(url, json={"text": "x", "parent_id": replies[0]["id"]}, headers=user("robert"))
    assert await problem(nested) == (404, "comment-not-found")
    newest = (await client.get(url)).json()["items"]
    assert [each["text"] for each in newest] == ["thread 2", "thread 1", "thread 0"]
    first = await client.get(url, params={"sort": "oldest", "limit": 1})
    (thread,) = first.json()["items"]
    assert (thread["reply_count"], [each["text"] for each in thread["replies"]]) == (
        22,
        [f"reply {n}" for n in range(20)],
    )
    rest = await client.get(url, params={"sort": "oldest", "cursor": first.json()["next_cursor"]})
    assert [each["text"] for each in rest.json()["items"]] == ["thread 1", "thread 2"]
    every = await client.get(url, params={"parent": parent, "sort": "oldest", "limit": 100})
    assert [each["text"] for each in every.json()["items"]] == [f"reply {n}" for n in range(22)]
    # A deleted comment keeps its replies, and disappears with the last one.
    await client.delete(f"{LIBRARY}/comments/{parent}", headers=user("robert"))
    thread = (await client.get(url, params={"sort": "oldest"})).json()["items"][0]
    assert (thread["state"], thread["text"], thread["author"], thread["reply_count"]) == ("deleted", "", "", 22)
    for reply in replies:
        await client.delete(f"{LIBRARY}/comments/{reply['id']}", headers=user("clara"))
    assert len((await client.get(url)).json()["items"]) == 2
    assert (await client.get(url.removesuffix("/comments"))).json()["comment_count"] == 2


async def test_a_comment_is_edited_within_fifteen_minutes(
    app: FastAPI, client: httpx.AsyncClient, url: str, user: Any
) -> None:
    await write(client, url, user("fanny"))
    comment = await write(client, url, user("robert"), text="Helo")
    path = f"{LIBRARY}/comments/{comment['id']}"
    edited = await client.patch(path, json={"text": "Hello, @fanny, @nobody, me@fanny.example"}, headers=user("robert"))
    assert edited.json()["edited_at"] is not None
    assert edited.json()["mentions"] == [{"id": "fanny", "name": "Fanny"}]
    assert await problem(await client.patch(path, json={"text": "x"}, headers=user("clara"))) == (403, "not-yours")
    async with app.state.database.sessions.begin() as session:
        await session.execute(text("UPDATE comments SET created_at = created_at - interval '15 minutes'"))
    late = await client.patch(path, json={"text": "Late"}, headers=user("robert"))
    assert await problem(late) == (409, "comment-not-editable")
    kinds = (await client.get(f"{LIBRARY}/notifications", headers=user("fanny"))).json()["items"]
    assert [each["kind"] for each in kinds] == ["mention"]


async def test_comments_are_pinned_to_a_bar_or_a_time(client: httpx.AsyncClient, url: str, user: Any) -> None:
    for position in ({"bar": 5}, {"seconds": 12.5}):
        comment = await write(client, url, user("robert"), position=position)
        assert comment["position"] == {"bar": None, "seconds": None} | position
    for position in ({}, {"bar": 1, "seconds": 1.0}, {"bar": 0}, {"seconds": 12.6}, {"seconds": -1}):
        answer = await client.post(url, json={"text": "x", "position": position}, headers=user("robert"))
        assert answer.status_code == 422, position


async def test_a_blocked_user_stays_away(client: httpx.AsyncClient, url: str, user: Any) -> None:
    clara, robert, block = user("clara"), user("robert"), f"{LIBRARY}/authors/robert/block"
    await client.put(f"{LIBRARY}/authors/clara/follow", headers=robert)
    await write(client, url, robert, text="Buy now")
    assert await problem(await client.put(f"{LIBRARY}/authors/clara/block", headers=clara)) == (
        409,
        "cannot-block-yourself",
    )
    assert (await client.put(block, headers=clara)).status_code == 204
    assert (await client.get(f"{LIBRARY}/blocked", headers=clara)).json()["items"] == [
        {"id": "robert", "name": "Robert"}
    ]
    assert (await client.get(f"{LIBRARY}/following", headers=robert)).json() == {"author_ids": []}
    assert (await client.get(url, headers=clara)).json()["items"] == []
    assert len((await client.get(url, headers=robert)).json()["items"]) == 1
    for refused in (
        await client.post(url, json={"text": "Hello?"}, headers=robert),
        await client.put(url.replace("/comments", "/like"), headers=robert),
        await client.put(f"{LIBRARY}/authors/clara/follow", headers=robert),
    ):
        assert await problem(refused) == (403, "blocked")
    await client.delete(block, headers=clara)
    await write(client, url, robert)


async def test_moderators_decide_reports_and_everyone_concerned_is_notified(
    client: httpx.AsyncClient, url: str, user: Any, operator: Headers
) -> None:
    queue, emil = f"{LIBRARY}/moderation/reports", user("emil")
    comments = [await write(client, url, user("robert"), text=words) for words in ("Lovely", "Buy now", "Buy!")]
    for comment in comments:
        report = {"reason": "spam", "note": "An advert."}
        await client.put(f"{LIBRARY}/comments/{comment['id']}/report", json=report, headers=user("clara"))
    assert await problem(await client.get(queue, headers=emil)) == (403, "not-a-moderator")
    await client.put("/internal/admin/moderators/emil", json={"name": "Emil"}, headers=operator)
    listed = (await client.get(queue, headers=emil)).json()["items"]
    assert {(each["text"], each["song_title"], each["reports"]) for each in listed} == {
        ("Lovely", "Nocturne", 1),
        ("Buy now", "Nocturne", 1),
        ("Buy!", "Nocturne", 1),
    }
    decisions = ({"decision": "dismiss"}, {"decision": "hide"}, {"decision": "ban", "reason": "Adverts", "ban_days": 7})
    for comment, body in zip(comments, decisions, strict=True):
        path = f"{LIBRARY}/moderation/comments/{comment['id']}/decision"
        assert (await client.post(path, json=body, headers=emil)).status_code == 204, body
    assert (await client.get(queue, headers=emil)).json()["items"] == []
    assert [each["text"] for each in (await client.get(url)).json()["items"]] == ["Lovely"]
    received = (await client.get(f"{LIBRARY}/notifications", headers=user("clara"))).json()["items"]
    assert [(each["kind"], each["text"], each["actor"]) for each in received[:3]] == [
        ("report", "hidden", None),
        ("report", "hidden", None),
        ("report", "kept", None),
    ]
    received = (await client.get(f"{LIBRARY}/notifications", headers=user("robert"))).json()["items"]
    assert [(each["kind"], each["text"], each["song_title"], each["comment_text"]) for each in received] == [
        ("moderation", "banned", "Nocturne", "Buy!"),
        ("moderation", "hidden", "Nocturne", "Buy now"),
    ]
    assert [(each["reason"], each["banned_until"] is None) for each in received] == [("Adverts", False), (None, True)]
    refused = await client.post(url, json={"text": "Hello?"}, headers=user("robert"))
    assert await problem(refused) == (403, "banned")
    assert "Adverts" in refused.json()["detail"]
    log = (await client.get(f"{LIBRARY}/moderation/log", headers=emil)).json()["items"]
    assert [(each["action"], each["moderator"], each["text"], each["reason"]) for each in log] == [
        ("banned", "Emil", "Buy!", "Adverts"),
        ("hidden", "Emil", "Buy now", ""),
        ("dismissed", "Emil", "Lovely", ""),
        ("moderator_added", "operator", "", ""),
    ]
    (ban,) = (await client.get(f"{LIBRARY}/moderation/bans", headers=emil)).json()["items"]
    assert (ban["name"], ban["reason"]) == ("Robert", "Adverts")
    assert (await client.delete(f"{LIBRARY}/moderation/bans/robert", headers=emil)).status_code == 204
    await write(client, url, user("robert"))
    await client.delete("/internal/admin/moderators/emil", headers=operator)
    assert (await client.get(queue, headers=emil)).status_code == 403
