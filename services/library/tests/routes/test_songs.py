"""Listing, reading, renaming and deleting own songs."""

import asyncio
from typing import Any

import httpx
import pytest
from euterpe_test_kit.issuer import TokenIssuer

Register = Any


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara")


async def titles(client: httpx.AsyncClient, headers: dict[str, str], **query: Any) -> list[str]:
    answer = await client.get("/api/v1/songs", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [song["title"] for song in answer.json()["items"]]


async def test_a_song_has_everything_to_reproduce_it(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register()
    song = (await client.get(f"/api/v1/songs/{song_id}", headers=clara)).json()
    assert (song["model"], song["model_version"], song["seed"]) == ("crnngan-classical", "1.0.0", 42)
    assert song["parameters"] == {"length": 100, "temperature": 0.5}
    assert isinstance(song["parameters"]["length"], int)
    assert (song["title"], song["author"], song["note_count"], song["duration_seconds"]) == (
        "Nocturne",
        "Clara",
        100,
        12.5,
    )
    assert song["measures"] == {"scale_score": 0.875}
    assert (await client.get(song["midi_url"], headers=clara)).status_code == 200


async def test_own_songs_are_listed_newest_first(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    for title in ("First", "Second", "Third"):
        await register(title=title)
    await register(title="Robert's", owner_id="robert")
    assert await titles(client, clara) == ["Third", "Second", "First"]


async def test_pages_contain_all_songs_once(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    for number in range(5):
        await register(title=f"Song {number}")
    seen, query = [], {"limit": 2}
    while True:
        page = (await client.get("/api/v1/songs", params=query, headers=clara)).json()
        seen += [song["title"] for song in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [f"Song {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("title", "search"),
    [
        ("Für Elise", "fur eli"),
        ("Fur Elise", "FÜR"),
        ("Canción de cuna", "cancion"),
        ("Straße", "strasse"),
        ("Smørrebrød", "smorre"),
        ("Ländler", "La\u0308ndler"),
        ("50% off_beat", "50%"),
        ("50% off_beat", "f_b"),
        ("path\\to", "h\\t"),
        ("夜想曲", "想"),
        ("A b", "a  b"),
    ],
)
async def test_search_ignores_case_and_accents_and_takes_wildcards_literally(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], title: str, search: str
) -> None:
    await register(title=title)
    await register(title="Something else entirely")
    assert await titles(client, clara, q=search) == [title]


async def test_search_finds_the_new_title_and_not_the_old_one(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register(title="Sketch")
    await client.patch(f"/api/v1/songs/{song_id}", json={"title": "Étude"}, headers=clara)
    assert await titles(client, clara, q="etude") == ["Étude"]
    assert await titles(client, clara, q="sketch") == []


INVALID_QUERIES = [
    ({"limit": 0}, "query.limit"),
    ({"limit": 101}, "query.limit"),
    ({"limit": "many"}, "query.limit"),
    ({"cursor": "AAAA"}, "query.cursor"),
    ({"cursor": "!"}, "query.cursor"),
    ({"cursor": "é" * 30}, "query.cursor"),
    ({"cursor": "A" * 5000}, "query.cursor"),
    ({"q": "x" * 201}, "query.q"),
    ({"q": "a\x00b"}, "query.q"),
    ({"page": 2}, "query.page"),
]


async def test_an_invalid_query_is_422_with_the_field(
    client: httpx.AsyncClient, clara: dict[str, str], subtests: pytest.Subtests
) -> None:
    for query, field in INVALID_QUERIES:
        with subtests.test(query=query, field=field):
            answer = await client.get("/api/v1/songs", params=query, headers=clara)
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"
            assert [error["field"] for error in answer.json()["errors"]] == [field]


INVALID_TITLES = [
    ({"title": ""}, "body.title"),
    ({"title": " \t "}, "body.title"),
    ({"title": "\u200b"}, "body.title"),
    ({"title": "x" * 201}, "body.title"),
    ({"title": "two\nlines"}, "body.title"),
    ({"title": "a\x00b"}, "body.title"),
    ({"title": None}, "body.title"),
    ({"title": 7}, "body.title"),
    ({}, "body"),
    ({"title": "Fine", "owner_id": "robert"}, "body.owner_id"),
]


async def test_an_invalid_title_changes_nothing(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], subtests: pytest.Subtests
) -> None:
    song_id = await register()
    for body, field in INVALID_TITLES:
        with subtests.test(body=body, field=field):
            answer = await client.patch(f"/api/v1/songs/{song_id}", json=body, headers=clara)
            assert answer.status_code == 422
            assert [error["field"] for error in answer.json()["errors"]] == [field]
            song = (await client.get(f"/api/v1/songs/{song_id}", headers=clara)).json()
            assert (song["title"], song["version"]) == ("Nocturne", 1)


async def test_a_malformed_body_is_a_client_error(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], subtests: pytest.Subtests
) -> None:
    song_id = await register()
    headers = clara | {"Content-Type": "application/json"}
    for body in [b"", b"{", b'{"title": "\\ud800"}', b"\xff"]:
        with subtests.test(body=body):
            answer = await client.patch(f"/api/v1/songs/{song_id}", content=body, headers=headers)
            assert answer.status_code in (400, 422)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_the_longest_title_is_accepted_and_trimmed(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register()
    title = "𝄞" * 200
    answer = await client.patch(f"/api/v1/songs/{song_id}", json={"title": f"  {title} "}, headers=clara)
    assert (answer.status_code, answer.json()["title"]) == (200, title)


async def test_renaming_increments_the_version(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    url = f"/api/v1/songs/{await register()}"
    before = await client.get(url, headers=clara)
    after = await client.patch(url, json={"title": "Étude"}, headers=clara | {"If-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    assert after.json()["updated_at"] > before.json()["updated_at"]
    assert after.json() == (await client.get(url, headers=clara)).json()


async def test_if_none_match_with_the_current_tag_is_304(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    url = f"/api/v1/songs/{await register()}"
    etag = (await client.get(url, headers=clara)).headers["etag"]
    assert (await client.get(url, headers=clara | {"If-None-Match": etag})).status_code == 304
    await client.patch(url, json={"title": "Étude"}, headers=clara)
    assert (await client.get(url, headers=clara | {"If-None-Match": etag})).status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_stale_if_match_is_412(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], method: str
) -> None:
    url = f"/api/v1/songs/{await register()}"
    etag = (await client.get(url, headers=clara)).headers["etag"]
    await client.patch(url, json={"title": "Mine"}, headers=clara)
    body = {"title": "Lost update"} if method == "PATCH" else None
    answer = await client.request(method, url, json=body, headers=clara | {"If-Match": etag})
    assert (answer.status_code, answer.json()["type"]) == (412, "/problems/precondition-failed")
    assert (await client.get(url, headers=clara)).json()["title"] == "Mine"


async def test_of_concurrent_writers_with_one_version_one_succeeds(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    url = f"/api/v1/songs/{await register()}"
    headers = clara | {"If-Match": (await client.get(url, headers=clara)).headers["etag"]}
    answers = await asyncio.gather(
        *(client.patch(url, json={"title": f"Writer {number}"}, headers=headers) for number in range(12))
    )
    winners = [answer.json()["title"] for answer in answers if answer.status_code == 200]
    assert sorted({answer.status_code for answer in answers}) == [200, 412]
    song = (await client.get(url, headers=clara)).json()
    assert (winners, song["version"]) == ([song["title"]], 2)


async def test_a_deleted_song_is_404_for_every_route(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register()
    url = f"/api/v1/songs/{song_id}"
    assert (await client.delete(url, headers=clara)).status_code == 204
    assert await titles(client, clara) == []
    assert await titles(client, clara, q="nocturne") == []
    for method, path in [("GET", url), ("DELETE", url), ("GET", f"{url}/midi"), ("HEAD", f"{url}/midi")]:
        assert (await client.request(method, path, headers=clara)).status_code == 404
    assert (await client.patch(url, json={"title": "Back"}, headers=clara)).status_code == 404


async def test_an_id_that_is_not_a_uuid_is_422_with_the_field(client: httpx.AsyncClient, clara: dict[str, str]) -> None:
    answer = await client.get("/api/v1/songs/seven", headers=clara)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "path.song_id")
