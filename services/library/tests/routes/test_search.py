"""Searching, filtering, sorting and counting in small libraries with known results."""

import random
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.storage import listing
from euterpe_test_kit.issuer import TokenIssuer

Register = Any


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


@pytest.fixture(params=["search", "scan"])
def strategy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both strategies: with few songs, all are searched; with a short scan length, scans are extended or given up."""
    if request.param == "scan":
        monkeypatch.setattr(listing, "SCAN_LENGTH", 1)


@pytest_asyncio.fixture
async def songs(register: Register) -> None:
    """Four public songs of Clara's, one of Robert's, and a private one."""
    public = pb.VISIBILITY_PUBLIC
    rain = pb.Creation(model="crnngan-classical", model_version="1.0.0", seed=1)
    await register(
        title="Nocturne in the Rain", tags=["Rain", "night"], key="A minor", tempo_bpm=60.0, programs=[0, 40],
        style="classical", visibility=public, duration_seconds=120.0, creation=rain, measures={"scale_score": 0.9},
    )  # fmt: skip
    await register(
        title="Rain Dance", tags=["dance"], key="C major", tempo_bpm=140.0, programs=[128], style="folk",
        visibility=public, duration_seconds=30.0, measures={"scale_score": 0.5},
        creation=pb.Creation(model="crnngan-classical", model_version="2.0.0", seed=2),
    )  # fmt: skip
    await register(
        title="夜想曲", tags=["night"], key="A minor", tempo_bpm=80.0, programs=[0], style="classical",
        visibility=public, duration_seconds=60.0, measures={"scale_score": 0.7},
        creation=pb.Creation(model="melody-lstm", model_version="1.0.0", seed=3),
    )  # fmt: skip
    await register(
        title="C'est la vie!", visibility=public, duration_seconds=90.0, measures={},
        creation=pb.Creation(model="melody-lstm", model_version="1.0.0", seed=4),
    )  # fmt: skip
    await register(title="Robert's Rain", owner_id="robert", author="Robert", visibility=public, duration_seconds=45.0)
    await register(title="Private Rain")


async def titles(client: httpx.AsyncClient, query: dict[str, Any]) -> list[str]:
    answer = await client.get("/api/v1/library/explore", params=query)
    assert answer.status_code == 200, answer.text
    return [song["title"] for song in answer.json()["items"]]


SEARCHES: list[tuple[dict[str, Any], set[str]]] = [
    ({"q": "rain"}, {"Nocturne in the Rain", "Rain Dance", "Robert's Rain"}),
    ({"q": "rain night"}, {"Nocturne in the Rain"}),
    ({"q": '"rain dance"'}, {"Rain Dance"}),
    ({"q": '"the rain"'}, {"Nocturne in the Rain"}),
    ({"q": "rain -dance"}, {"Nocturne in the Rain", "Robert's Rain"}),
    ({"q": 'rain -"the rain"'}, {"Rain Dance", "Robert's Rain"}),
    ({"q": "octur"}, {"Nocturne in the Rain"}),
    ({"q": "NÓCT"}, {"Nocturne in the Rain"}),
    ({"q": "la v"}, {"C'est la vie!"}),
    ({"q": "c'est"}, {"C'est la vie!"}),
    ({"q": "vie!"}, {"C'est la vie!"}),
    ({"q": "!"}, {"C'est la vie!"}),
    ({"q": "'"}, {"C'est la vie!", "Robert's Rain"}),
    ({"q": "想"}, {"夜想曲"}),
    ({"q": "夜想曲"}, {"夜想曲"}),
    ({"q": "想夜"}, set()),
    ({"q": "\\"}, set()),
    ({"q": "%%%"}, set()),
    ({"q": "' & !"}, set()),
    ({"tag": "RAIN"}, {"Nocturne in the Rain"}),
    ({"tag": ["night", "rain"]}, {"Nocturne in the Rain"}),
    ({"key": "a minor"}, {"Nocturne in the Rain", "夜想曲"}),
    ({"style": "Classical"}, {"Nocturne in the Rain", "夜想曲"}),
    ({"instrument": "acoustic grand piano"}, {"Nocturne in the Rain", "夜想曲"}),
    ({"instrument": ["Violin", "Acoustic Grand Piano"]}, {"Nocturne in the Rain"}),
    ({"instrument": "Drum Kit"}, {"Rain Dance"}),
    ({"model": "melody-lstm"}, {"夜想曲", "C'est la vie!"}),
    ({"model": "crnngan-classical", "model_version": "2.0.0"}, {"Rain Dance"}),
    ({"seed": 3}, {"夜想曲"}),
    ({"tempo_min": 60, "tempo_max": 80}, {"Nocturne in the Rain", "夜想曲"}),
    ({"tempo_min": 81}, {"Rain Dance"}),
    ({"duration_max": 45}, {"Rain Dance", "Robert's Rain"}),
    ({"measure": "scale_score:0.6:0.8"}, {"夜想曲"}),
    ({"measure": "scale_score:0.8:"}, {"Nocturne in the Rain", "Robert's Rain"}),
    ({"author": "robert"}, {"Robert's Rain"}),
    ({"since": "2200-01-01T00:00:00Z"}, set()),
    ({"until": "2000-01-01T00:00:00Z"}, set()),
    ({"q": "night", "key": "A minor", "tempo_max": 70, "measure": "scale_score:0.8:1"}, {"Nocturne in the Rain"}),
    ({"q": "rain", "style": "jazz"}, set()),
]

ORDERS = {
    "newest": ["Robert's Rain", "C'est la vie!", "夜想曲", "Rain Dance", "Nocturne in the Rain"],
    "oldest": ["Nocturne in the Rain", "Rain Dance", "夜想曲", "C'est la vie!", "Robert's Rain"],
    "title": ["C'est la vie!", "Nocturne in the Rain", "Rain Dance", "Robert's Rain", "夜想曲"],
    "longest": ["Nocturne in the Rain", "C'est la vie!", "夜想曲", "Robert's Rain", "Rain Dance"],
    "shortest": ["Rain Dance", "Robert's Rain", "夜想曲", "C'est la vie!", "Nocturne in the Rain"],
}


@pytest.mark.parametrize("sort", ["newest", "shortest"])
async def test_a_search_returns_exactly_the_matching_songs(
    client: httpx.AsyncClient, songs: None, strategy: None, sort: str
) -> None:
    for query, expected in SEARCHES:
        found = await titles(client, query | {"sort": sort})
        assert (len(found), set(found)) == (len(expected), expected), query


@pytest.mark.parametrize("query", [{}, {"q": "-absent"}, {"duration_min": 1}])
async def test_every_order_with_any_page_size(
    client: httpx.AsyncClient, songs: None, strategy: None, query: dict[str, Any]
) -> None:
    for sort, expected in ORDERS.items():
        for limit in (1, 2, 4, 100):
            asked, seen = query | {"sort": sort, "limit": limit}, []
            while True:
                page = (await client.get("/api/v1/library/explore", params=asked)).json()
                seen += [song["title"] for song in page["items"]]
                if page["next_cursor"] is None:
                    break
                asked["cursor"] = page["next_cursor"]
            assert seen == expected, asked


async def test_the_most_liked_are_first(client: httpx.AsyncClient, songs: None, token_issuer: TokenIssuer) -> None:
    found = {song["title"]: song["id"] for song in (await client.get("/api/v1/library/explore")).json()["items"]}
    for title, likes in (("Rain Dance", 1), ("夜想曲", 3)):
        for number in range(likes):
            headers = token_issuer.headers(f"listener-{number}")
            answer = await client.put(f"/api/v1/songs/{found[title]}/like", headers=headers)
            assert answer.status_code == 204
    assert await titles(client, {"sort": "liked"}) == ["夜想曲", "Rain Dance"]
    assert await titles(client, {"sort": "liked", "q": "rain"}) == ["Rain Dance"]


async def test_facets_count_the_values_of_a_listing(
    client: httpx.AsyncClient, songs: None, clara: dict[str, str]
) -> None:
    facets = (await client.get("/api/v1/library/explore/facets", params={"model": "crnngan-classical"})).json()
    assert (facets["counted"], facets["complete"]) == (3, True)
    assert facets["facets"]["style"] == {"classical": 1, "folk": 1}
    assert facets["facets"]["key"] == {"A minor": 1, "C major": 1}
    assert facets["facets"]["instrument"] == {"Acoustic Grand Piano": 1, "Drum Kit": 1, "Violin": 1}
    assert facets["facets"]["tag"] == {"Rain": 1, "dance": 1, "night": 1}
    assert facets["facets"]["tempo_bpm"] == {"140": 1, "60": 1}
    own = (await client.get("/api/v1/songs/facets", headers=clara)).json()["facets"]
    assert own["visibility"] == {"public": 4, "private": 1}
    assert own["model"] == {"crnngan-classical": 3, "melody-lstm": 2}


async def test_own_songs_are_filtered_by_visibility(
    client: httpx.AsyncClient, songs: None, clara: dict[str, str]
) -> None:
    query = {"visibility": "private", "q": "rain"}
    items = (await client.get("/api/v1/songs", params=query, headers=clara)).json()["items"]
    assert [song["title"] for song in items] == ["Private Rain"]


async def test_search_finds_changed_values_and_not_the_old_ones(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register(title="Sketch", tags=["draft"], style="jazz", visibility=pb.VISIBILITY_PUBLIC)
    changes = {"tags": ["Été", "ete", "summer"], "style": "folk", "key": "c# minor", "tempo_bpm": 90}
    changed = (await client.patch(f"/api/v1/songs/{song_id}", json=changes, headers=clara)).json()
    assert (changed["tags"], changed["key"], changed["tempo_bpm"]) == (["Été", "summer"], "Db minor", 90)
    for query in ({"tag": "ETE"}, {"q": "summer"}, {"style": "folk"}, {"key": "C# minor"}, {"tempo_min": 90}):
        assert await titles(client, query) == ["Sketch"], query
    for query in ({"tag": "draft"}, {"q": "draft"}, {"style": "jazz"}):
        assert await titles(client, query) == [], query
    await client.patch(f"/api/v1/songs/{song_id}", json={"style": None, "key": None, "tags": []}, headers=clara)
    for query in ({"tag": "ETE"}, {"style": "folk"}, {"key": "C# minor"}):
        assert await titles(client, query) == [], query


INVALID_FILTERS = [
    ({"sort": "random"}, "query.sort"),
    ({"instrument": "Kazoo"}, "query.instrument.0"),
    ({"key": "H major"}, "query.key"),
    ({"tempo_min": 0}, "query.tempo_min"),
    ({"tempo_min": "nan"}, "query.tempo_min"),
    ({"measure": "beauty:1:2"}, "query.measure.0"),
    ({"measure": "scale_score"}, "query.measure.0"),
    ({"measure": "scale_score:a:b"}, "query.measure.0"),
    ({"measure": "scale_score:nan:"}, "query.measure.0"),
    ({"model_version": "1.0.0"}, "query.model_version"),
    ({"seed": -1}, "query.seed"),
    ({"since": "yesterday"}, "query.since"),
    ({"since": "2026-01-01T00:00:00"}, "query.since"),
    ({"since": "0001-01-01T00:00:00+14:00"}, "query.since"),
    ({"tag": "x" * 41}, "query.tag.0"),
    ({"tag": " "}, "query.tag.0"),
    ({"remix_of": "seven"}, "query.remix_of"),
    ({"author": "a\x00"}, "query.author"),
    ({"visibility": "private"}, "query.visibility"),
]


async def test_an_invalid_filter_is_named(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for query, field in INVALID_FILTERS:
        with subtests.test(query=query, field=field):
            answer = await client.get("/api/v1/library/explore", params=query)
            assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])


async def test_a_cursor_of_another_order_is_refused(client: httpx.AsyncClient, songs: None) -> None:
    cursor = (await client.get("/api/v1/library/explore", params={"limit": 1})).json()["next_cursor"]
    answer = await client.get("/api/v1/library/explore", params={"sort": "title", "cursor": cursor})
    assert [error["field"] for error in answer.json()["errors"]] == ["query.cursor"]


async def test_random_search_text_is_accepted(client: httpx.AsyncClient, songs: None) -> None:
    rng = random.Random(5)
    alphabet = "a rain'\"\\%_-!&|:*()<>@夜é\u0300\u200b\ud83c😀"
    for _ in range(150):
        query = "".join(rng.choices(alphabet, k=rng.randint(1, 12))).encode("utf-8", "ignore").decode()
        answer = await client.get("/api/v1/library/explore", params={"q": query})
        assert answer.status_code == 200, query
