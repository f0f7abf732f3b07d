"""Profiles: names, pictures, playlists and followers; and the lineage of songs."""

import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.services.erasure import Erasure
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from google.protobuf.struct_pb2 import Struct
from PIL import Image

Headers = dict[str, str]
PROFILE = "/api/v1/library/profile"


@pytest.fixture
def user(token_issuer: TokenIssuer) -> Callable[[str], Headers]:
    return lambda name: token_issuer.headers(name, name.title())


def picture(kind: str, size: tuple[int, int] = (600, 400), mode: str = "RGB") -> bytes:
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    Image.new(mode, size, "white").save(written, kind, exif=exif)
    return written.getvalue()


async def test_a_display_name_is_shown_with_songs_comments_and_follows(
    client: httpx.AsyncClient, register: Any, user: Any
) -> None:
    song = f"/api/v1/songs/{await register(visibility=pb.VISIBILITY_PUBLIC)}"
    before = (await client.get(song)).headers["etag"]
    await client.post(f"{song}/comments", json={"text": "Mine"}, headers=user("clara"))
    body = {"display_name": " Clara  Wieck-Schumann 🎹 ", "bio": "Pianist.\nhttps://example.org"}
    answer = await client.put(PROFILE, json=body, headers=user("clara"))
    assert (answer.status_code, answer.json()["display_name"]) == (200, "Clara Wieck-Schumann 🎹")
    shown = await client.get(song, headers={"If-None-Match": before})
    assert (shown.status_code, shown.json()["author"]) == (200, "Clara Wieck-Schumann 🎹")
    (comment,) = (await client.get(f"{song}/comments")).json()["items"]
    assert (comment["author"], comment["author_username"]) == ("Clara Wieck-Schumann 🎹", "Clara")
    feed = (await client.get("/api/v1/library/explore")).json()["items"]
    assert [each["author"] for each in feed] == ["Clara Wieck-Schumann 🎹"]
    await client.put("/api/v1/library/authors/clara/follow", headers=user("robert"))
    made = await client.post("/api/v1/library/playlists", json={"title": "Mine"}, headers=user("clara"))
    assert (made.json()["author"], made.json()["username"]) == ("Clara Wieck-Schumann 🎹", "Clara")
    await client.put(PROFILE, json={"display_name": "Robert S."}, headers=user("robert"))
    followers = (await client.get("/api/v1/library/authors/clara/followers")).json()
    assert [(each["name"], each["username"]) for each in followers["items"]] == [("Robert S.", "Robert")]
    author = (await client.get("/api/v1/library/authors/robert")).json()
    assert (author["songs"], author["following"], author["name"]) == (0, 1, "Robert S.")
    for name in ("", " ", "\u202eevil", "a\x00b", "!!!", "x" * 51, "\u2028"):
        assert (await client.put(PROFILE, json={"display_name": name}, headers=user("clara"))).status_code == 422, name


async def test_public_playlists_are_listed(client: httpx.AsyncClient, register: Any, user: Any) -> None:
    for title, visibility in (("For all", "public"), ("Mine", "private"), ("Link", "unlisted")):
        body = {"title": title, "visibility": visibility}
        await client.post("/api/v1/library/playlists", json=body, headers=user("clara"))
    found = (await client.get("/api/v1/library/authors/clara/playlists")).json()["items"]
    assert [each["title"] for each in found] == ["For all"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_is_cropped_and_loses_its_metadata(client: httpx.AsyncClient, user: Any, kind: str) -> None:
    answer = await client.put(f"{PROFILE}/picture", content=picture(kind), headers=user("clara"))
    assert answer.status_code == 204, answer.text
    url = (await client.get(PROFILE, headers=user("clara"))).json()["picture_url"]
    stored = await client.get(url)
    assert stored.headers["content-type"] == "image/webp"
    assert "immutable" in stored.headers["cache-control"]
    with Image.open(io.BytesIO(stored.content)) as opened:
        assert (opened.size, opened.format, len(opened.getexif())) == ((256, 256), "WEBP", 0)
    again = await client.get(url, headers={"If-None-Match": stored.headers["etag"]})
    assert again.status_code == 304


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A small file of 81 megapixels, made before the service starts: it takes a while."""
    return picture("PNG", (9000, 9000), mode="1")


async def test_hostile_pictures_are_refused_with_a_reason(bomb: bytes, client: httpx.AsyncClient, user: Any) -> None:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    for content, reason in (
        (b"", "damaged"),
        (b"not a picture", "damaged"),
        (svg, "damaged"),
        (picture("PNG")[:200], "damaged"),
        (bomb, "pixels"),
        (b"\x89PNG" + bytes(1_000_001), "bytes"),
    ):
        answer = await client.put(f"{PROFILE}/picture", content=content, headers=user("clara"))
        assert answer.status_code == 422, reason
        assert reason in answer.json()["detail"]
    assert (await client.get("/api/v1/library/profiles/clara/picture")).status_code == 404


async def test_replaced_and_deleted_pictures_leave_no_object(
    app: FastAPI, client: httpx.AsyncClient, user: Any, object_store: ObjectStore
) -> None:
    for size in ((10, 10), (20, 10)):
        await client.put(f"{PROFILE}/picture", content=picture("PNG", size), headers=user("fanny"))
    assert len(await object_store.list("pictures/fanny/")) == 1
    await client.put(f"{PROFILE}/picture", content=picture("PNG"), headers=user("fanny"))
    erasure: Erasure = app.state.erasure
    await erasure.delete_user("fanny")
    assert await object_store.list("pictures/fanny/") == {}


async def test_lineage_is_shown_both_ways(client: httpx.AsyncClient, register: Any, user: Any) -> None:
    source = await register(visibility=pb.VISIBILITY_PUBLIC, title="Theme")
    continued = Struct()
    continued.update({"length": 10, "prompt": {"song_id": source, "bars": 4}})
    creation = pb.Creation(model="m", model_version="1", seed=1, parameters=continued)
    public = pb.VISIBILITY_PUBLIC
    remix = await register(owner_id="robert", author="Robert", title="Variation", creation=creation, visibility=public)
    hidden = await register(owner_id="robert", author="Robert", title="Sketch", remix_of=source)
    found = (await client.get(f"/api/v1/songs/{source}/lineage")).json()
    assert (found["source"], [each["id"] for each in found["derived"]]) == (None, [remix])
    found = (await client.get(f"/api/v1/songs/{source}/lineage", headers=user("robert"))).json()
    assert [each["id"] for each in found["derived"]] == [hidden, remix]
    found = (await client.get(f"/api/v1/songs/{remix}/lineage")).json()
    assert (found["source"]["title"], found["derived"]) == ("Theme", [])
