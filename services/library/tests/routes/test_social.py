"""Likes, comments, reports and follows."""

import asyncio
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.domain.social import MAX_FOLLOWS
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

Register = Any


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


@pytest.fixture
def robert(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("robert", "Robert")


@pytest_asyncio.fixture
async def url(register: Register) -> str:
    """A public song of Clara's."""
    return f"/api/v1/songs/{await register(visibility=pb.VISIBILITY_PUBLIC)}"


async def test_concurrent_likes_of_one_user_count_once(
    client: httpx.AsyncClient, url: str, robert: dict[str, str], clara: dict[str, str]
) -> None:
    await asyncio.gather(*(client.put(f"{url}/like", headers=robert) for _ in range(20)))
    await client.put(f"{url}/like", headers=clara)
    song = (await client.get(url, headers=robert)).json()
    assert (song["like_count"], song["liked"]) == (2, True)
    anonymous = (await client.get(url)).json()
    assert (anonymous["like_count"], anonymous["liked"]) == (2, False)
    assert [item["id"] for item in (await client.get("/api/v1/library/likes", headers=robert)).json()["items"]] == [
        song["id"]
    ]
    await asyncio.gather(*(client.delete(f"{url}/like", headers=robert) for _ in range(20)))
    song = (await client.get(url, headers=robert)).json()
    assert (song["like_count"], song["liked"]) == (1, False)
    assert (await client.get("/api/v1/library/likes", headers=robert)).json()["items"] == []


async def test_a_like_changes_the_entity_tag_but_not_the_version(
    client: httpx.AsyncClient, url: str, robert: dict[str, str], clara: dict[str, str]
) -> None:
    etag = (await client.get(url, headers=clara)).headers["etag"]
    await client.put(f"{url}/like", headers=robert)
    assert (await client.get(url, headers=clara | {"If-None-Match": etag})).json()["like_count"] == 1
    for tag in (etag, '"1"'):
        answer = await client.patch(url, json={"title": "Étude"}, headers=clara | {"If-Match": tag})
        assert answer.status_code == (200 if tag == etag else 412)


async def test_liked_songs_are_listed_latest_first(
    client: httpx.AsyncClient, register: Register, robert: dict[str, str]
) -> None:
    ids = [await register(visibility=pb.VISIBILITY_PUBLIC) for _ in range(3)]
    for song_id in (ids[1], ids[2], ids[0]):
        await client.put(f"/api/v1/songs/{song_id}/like", headers=robert)
    query, seen = {"limit": 2}, []
    while True:
        page = (await client.get("/api/v1/library/likes", params=query, headers=robert)).json()
        seen += [song["id"] for song in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [ids[0], ids[2], ids[1]]


async def test_comments_are_plain_text_and_listed_newest_first(
    client: httpx.AsyncClient, url: str, robert: dict[str, str]
) -> None:
    for number in range(3):
        comment = {"text": f"<b>{number}</b>\r\nsecond line"}
        assert (await client.post(f"{url}/comments", json=comment, headers=robert)).status_code == 201
    page = (await client.get(f"{url}/comments", params={"limit": 2})).json()
    assert [item["text"] for item in page["items"]] == ["<b>2</b>\nsecond line", "<b>1</b>\nsecond line"]
    assert page["items"][0]["author"] == "Robert"
    rest = (await client.get(f"{url}/comments", params={"cursor": page["next_cursor"]})).json()
    assert [item["text"] for item in rest["items"]] == ["<b>0</b>\nsecond line"]
    assert rest["next_cursor"] is None
    assert (await client.get(url)).json()["comment_count"] == 3


@pytest.mark.parametrize("text_", ["", " \n ", "\u200b", "x" * 2001, "a\x00b", "bell\x07", None, 7])
async def test_an_invalid_comment_is_refused(
    client: httpx.AsyncClient, url: str, robert: dict[str, str], text_: Any
) -> None:
    answer = await client.post(f"{url}/comments", json={"text": text_}, headers=robert)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.text")
    assert (await client.get(f"{url}/comments")).json()["items"] == []


async def test_closing_comments_keeps_existing_ones(
    client: httpx.AsyncClient, url: str, clara: dict[str, str], robert: dict[str, str]
) -> None:
    await client.post(f"{url}/comments", json={"text": "First"}, headers=robert)
    await client.patch(url, json={"comments_open": False}, headers=clara)
    refused = await client.post(f"{url}/comments", json={"text": "Second"}, headers=robert)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/comments-closed")
    assert [item["text"] for item in (await client.get(f"{url}/comments")).json()["items"]] == ["First"]


async def test_a_comment_is_deleted_by_its_author_or_the_songs_owner(
    client: httpx.AsyncClient, url: str, clara: dict[str, str], robert: dict[str, str], token_issuer: TokenIssuer
) -> None:
    comments = [
        (await client.post(f"{url}/comments", json={"text": str(number)}, headers=robert)).json() for number in range(2)
    ]
    paths = [f"/api/v1/library/comments/{comment['id']}" for comment in comments]
    johannes = token_issuer.headers("johannes", "Johannes")
    assert (await client.delete(paths[0], headers=johannes)).status_code == 403
    assert (await client.delete(paths[0], headers=robert)).status_code == 204
    assert (await client.delete(paths[1], headers=clara)).status_code == 204
    assert (await client.delete(paths[1], headers=clara)).status_code == 404
    assert (await client.get(url)).json()["comment_count"] == 0


async def test_a_second_report_of_a_user_replaces_the_first(
    app: FastAPI, client: httpx.AsyncClient, url: str, clara: dict[str, str], robert: dict[str, str]
) -> None:
    comment = (await client.post(f"{url}/comments", json={"text": "Buy now"}, headers=robert)).json()
    path = f"/api/v1/library/comments/{comment['id']}/report"
    for reason, note in (("other", "Hm."), ("spam", "An advert.")):
        answer = await client.put(path, json={"reason": reason, "note": note}, headers=clara)
        assert answer.status_code == 204
    async with app.state.database.sessions() as session:
        rows = (await session.execute(text("SELECT reporter_id, reason, note FROM comment_reports"))).all()
    assert [tuple(row) for row in rows] == [("clara", "spam", "An advert.")]
    for body, field in (({"reason": "dull"}, "body.reason"), ({"reason": "spam", "note": "x" * 501}, "body.note")):
        answer = await client.put(path, json=body, headers=clara)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_the_feed_of_followed_authors(
    client: httpx.AsyncClient, register: Register, robert: dict[str, str]
) -> None:
    public = pb.VISIBILITY_PUBLIC
    for owner in ("clara", "johannes"):
        await register(owner_id=owner, author=owner.title(), title=f"{owner}'s", visibility=public)
    await register(title="Private")
    author = "/api/v1/library/authors/clara"
    for _ in range(2):
        assert (await client.put(f"{author}/follow", headers=robert)).status_code == 204
    assert (await client.get(author, headers=robert)).json() == {
        "id": "clara",
        "name": "Clara",
        "username": "Clara",
        "bio": "",
        "picture_url": None,
        "songs": 1,
        "followers": 1,
        "following": 0,
        "followed": True,
        "blocked": False,
    }
    following = {"following": True}
    feed = (await client.get("/api/v1/library/explore", params=following, headers=robert)).json()["items"]
    assert [song["title"] for song in feed] == ["clara's"]
    assert (await client.get("/api/v1/library/following", headers=robert)).json() == {"author_ids": ["clara"]}
    assert (await client.get("/api/v1/library/explore", params=following)).status_code == 401
    assert (await client.delete(f"{author}/follow", headers=robert)).status_code == 204
    feed = (await client.get("/api/v1/library/explore", params=following, headers=robert)).json()["items"]
    assert feed == []


async def test_the_number_of_follows_is_limited(
    app: FastAPI, client: httpx.AsyncClient, url: str, robert: dict[str, str]
) -> None:
    async with app.state.database.sessions.begin() as session:
        await session.execute(
            text("INSERT INTO follows (listener_id, author_id) SELECT 'robert', n FROM generate_series(1, :n) AS n"),
            {"n": MAX_FOLLOWS},
        )
    refused = await client.put("/api/v1/library/authors/clara/follow", headers=robert)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/limit-reached")
