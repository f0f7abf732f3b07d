"""Playlists: order, visibility and concurrent changes."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.domain.social import MAX_PLAYLIST_SONGS
from euterpe_test_kit.issuer import TokenIssuer

Register = Any
PLAYLISTS = "/api/v1/library/playlists"


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


@pytest.fixture
def robert(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("robert", "Robert")


async def make(client: httpx.AsyncClient, headers: dict[str, str], **values: Any) -> str:
    answer = await client.post(PLAYLISTS, json={"title": "Rainy days"} | values, headers=headers)
    assert answer.status_code == 201, answer.text
    return f"{PLAYLISTS}/{answer.json()['id']}"


async def order(client: httpx.AsyncClient, url: str, headers: dict[str, str]) -> list[str]:
    return [song["id"] for song in (await client.get(url, headers=headers)).json()["songs"]]


async def test_songs_keep_the_given_order(client: httpx.AsyncClient, register: Register, clara: dict[str, str]) -> None:
    url = await make(client, clara)
    ids = [await register() for _ in range(4)]
    for song_id in [*ids, ids[0]]:
        assert (await client.put(f"{url}/songs/{song_id}", headers=clara)).status_code == 200
    assert await order(client, url, clara) == ids
    moved = [ids[2], ids[0], ids[3]]
    assert (await client.put(f"{url}/songs", json={"song_ids": moved}, headers=clara)).status_code == 200
    assert await order(client, url, clara) == moved
    await client.delete(f"{url}/songs/{ids[0]}", headers=clara)
    assert await order(client, url, clara) == [ids[2], ids[3]]


async def test_concurrently_added_songs_are_all_stored(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    url = await make(client, clara)
    ids = [await register() for _ in range(8)]
    await asyncio.gather(*(client.put(f"{url}/songs/{song_id}", headers=clara) for song_id in ids))
    assert sorted(await order(client, url, clara)) == sorted(ids)


async def test_others_see_a_shared_playlist_without_private_songs(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], robert: dict[str, str]
) -> None:
    public, private = await register(visibility=pb.VISIBILITY_PUBLIC), await register()
    url = await make(client, clara, visibility="unlisted")
    await client.put(f"{url}/songs", json={"song_ids": [private, public]}, headers=clara)
    assert await order(client, url, clara) == [private, public]
    assert await order(client, url, robert) == [public]
    assert await order(client, url, {}) == [public]
    await client.patch(url, json={"visibility": "private"}, headers=clara)
    for headers in (robert, {}):
        assert (await client.get(url, headers=headers)).status_code == 404


async def test_a_song_made_private_keeps_its_position(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], robert: dict[str, str]
) -> None:
    song_id = await register(visibility=pb.VISIBILITY_PUBLIC)
    url = await make(client, robert)
    await client.put(f"{url}/songs/{song_id}", headers=robert)
    await client.patch(f"/api/v1/songs/{song_id}", json={"visibility": "private"}, headers=clara)
    assert await order(client, url, robert) == []
    assert (await client.put(f"{url}/songs", json={"song_ids": [song_id]}, headers=robert)).status_code == 200
    await client.patch(f"/api/v1/songs/{song_id}", json={"visibility": "public"}, headers=clara)
    assert await order(client, url, robert) == [song_id]


async def test_private_songs_of_others_cannot_be_added(
    client: httpx.AsyncClient, register: Register, robert: dict[str, str]
) -> None:
    private, url = await register(), await make(client, robert)
    assert (await client.put(f"{url}/songs/{private}", headers=robert)).status_code == 404
    for song_id in (private, str(uuid.uuid4())):
        refused = await client.put(f"{url}/songs", json={"song_ids": [song_id]}, headers=robert)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.song_ids.0")


async def test_a_stale_if_match_is_412(client: httpx.AsyncClient, clara: dict[str, str]) -> None:
    url = await make(client, clara)
    etag = (await client.get(url, headers=clara)).headers["etag"]
    await client.patch(url, json={"title": "Mine"}, headers=clara | {"If-Match": etag})
    for method, path, body in [
        ("PATCH", url, {"title": "Lost update"}),
        ("PUT", f"{url}/songs", {"song_ids": []}),
        ("DELETE", url, None),
    ]:
        answer = await client.request(method, path, json=body, headers=clara | {"If-Match": etag})
        assert answer.status_code == 412, (method, path)
    assert (await client.get(url, headers=clara)).json()["playlist"]["title"] == "Mine"


async def test_own_playlists_are_listed_and_deleted(
    client: httpx.AsyncClient, clara: dict[str, str], robert: dict[str, str]
) -> None:
    urls = [await make(client, clara, title=f"Playlist {number}") for number in range(3)]
    page = (await client.get(PLAYLISTS, params={"limit": 2}, headers=clara)).json()
    assert [item["title"] for item in page["items"]] == ["Playlist 2", "Playlist 1"]
    assert (await client.get(PLAYLISTS, headers=robert)).json()["items"] == []
    assert (await client.delete(urls[0], headers=clara)).status_code == 204
    rest = (await client.get(PLAYLISTS, params={"cursor": page["next_cursor"]}, headers=clara)).json()
    assert rest["items"] == []


INVALID_LISTS = [
    ({"song_ids": [str(uuid.UUID(int=1))] * 2}, "body.song_ids"),
    ({"song_ids": [str(uuid.UUID(int=n)) for n in range(MAX_PLAYLIST_SONGS + 1)]}, "body.song_ids"),
    ({"song_ids": ["seven"]}, "body.song_ids.0"),
    ({}, "body.song_ids"),
]


async def test_an_invalid_list_of_songs_is_named(
    client: httpx.AsyncClient, clara: dict[str, str], subtests: pytest.Subtests
) -> None:
    for body, field in INVALID_LISTS:
        with subtests.test(body=body, field=field):
            answer = await client.put(f"{await make(client, clara)}/songs", json=body, headers=clara)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
