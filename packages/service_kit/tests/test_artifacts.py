"""Responses with stored objects, against a real S3."""

import re
from collections.abc import AsyncIterator
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio
from euterpe_service_kit.artifacts import Artifact, artifact_response, content_disposition
from euterpe_service_kit.errors import PreconditionFailed
from euterpe_service_kit.etags import none_match, require_match
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.problems import install_problem_handlers
from euterpe_service_kit.settings import ObjectStoreSettings
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

DATA = bytes(range(256)) * 2500
ETAG = '"v1"'


def app_over(store: ObjectStore) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.head("/{key}")
    @app.get("/{key}")
    async def response(request: Request, key: str) -> Response:
        size = 0 if key == "empty" else len(DATA)
        return await artifact_response(request, store, Artifact(key, size, "v1", "audio/midi", "Für Elise.mid"))

    return app


@pytest_asyncio.fixture
async def client(object_store: ObjectStore) -> AsyncIterator[httpx.AsyncClient]:
    await object_store.put("piece", DATA, content_type="audio/midi")
    transport = httpx.ASGITransport(app_over(object_store), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_whole_object_with_headers_for_download(client: httpx.AsyncClient) -> None:
    response = await client.get("/piece")
    assert (response.status_code, response.content) == (200, DATA)
    assert response.headers["content-type"] == "audio/midi"
    assert response.headers["content-length"] == str(len(DATA))
    assert response.headers["etag"] == ETAG
    assert response.headers["accept-ranges"] == "bytes"
    assert "filename*=UTF-8''F%C3%BCr%20Elise.mid" in response.headers["content-disposition"]


async def test_range_is_206(client: httpx.AsyncClient) -> None:
    response = await client.get("/piece", headers={"Range": "bytes=300000-300009"})
    assert (response.status_code, response.content) == (206, DATA[300000:300010])
    assert response.headers["content-range"] == f"bytes 300000-300009/{len(DATA)}"
    assert response.headers["content-length"] == "10"


async def test_concatenated_ranges_are_the_object(client: httpx.AsyncClient) -> None:
    step = 100_000
    parts = [
        (await client.get("/piece", headers={"Range": f"bytes={at}-{at + step - 1}", "If-Range": ETAG})).content
        for at in range(0, len(DATA), step)
    ]
    assert b"".join(parts) == DATA


async def test_range_outside_the_object_is_416_with_the_size(client: httpx.AsyncClient) -> None:
    response = await client.get("/piece", headers={"Range": f"bytes={len(DATA)}-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(DATA)}"
    assert response.json()["type"] == "/problems/range-not-satisfiable"


async def test_if_range_with_another_version_returns_the_whole_object(client: httpx.AsyncClient) -> None:
    response = await client.get("/piece", headers={"Range": "bytes=0-9", "If-Range": '"v0"'})
    assert (response.status_code, len(response.content)) == (200, len(DATA))


@pytest.mark.parametrize("value", [ETAG, f'"v0", {ETAG}', f"W/{ETAG}", "*"])
async def test_if_none_match_with_the_current_version_is_304(client: httpx.AsyncClient, value: str) -> None:
    response = await client.get("/piece", headers={"If-None-Match": value, "Range": "bytes=0-9"})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == ETAG


async def test_if_none_match_with_another_version_returns_the_object(client: httpx.AsyncClient) -> None:
    assert (await client.get("/piece", headers={"If-None-Match": '"v0"'})).status_code == 200


async def test_if_match_with_another_version_is_412(client: httpx.AsyncClient) -> None:
    response = await client.get("/piece", headers={"If-Match": '"v0"'})
    assert (response.status_code, response.json()["status"]) == (412, 412)


async def test_head_has_the_headers_of_get(client: httpx.AsyncClient) -> None:
    head = await client.head("/piece", headers={"Range": "bytes=0-9"})
    get = await client.get("/piece")
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_missing_object_is_404(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/missing")
    assert response.status_code == 404
    if method == "GET":
        assert response.json()["type"] == "/problems/object-not-found"


async def test_empty_object(client: httpx.AsyncClient, object_store: ObjectStore) -> None:
    await object_store.put("empty", b"", content_type="audio/midi")
    response = await client.get("/empty", headers={"Range": "bytes=0-"})
    assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", "0")


async def test_unreachable_object_store_is_503_with_retry_after(object_store_settings: ObjectStoreSettings) -> None:
    unreachable = object_store_settings.model_copy(update={"endpoint_url": "http://127.0.0.1:9"})
    store = ObjectStore(unreachable)
    transport = httpx.ASGITransport(app_over(store), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/piece")
    store.close()
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0


@given(st.text(max_size=200))
def test_content_disposition_of_any_title_is_safe_and_keeps_the_name(title: str) -> None:
    header = content_disposition(f"{title}.mid")
    match = re.fullmatch(
        r"attachment; filename=\"([^\"\\/%]+)\"; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]+)", header
    )
    assert match
    assert header.isascii()
    name = unquote(match[2], errors="strict")
    assert len(name) <= len(title) + len(".mid")
    if title.isalnum():
        assert name == f"{title}.mid"


@pytest.mark.parametrize("given", ['"7"', '"6", "7"', '"a,b","7"', "*", None])
def test_if_match_accepts_the_current_version(given: str | None) -> None:
    require_match(given, '"7"')


@pytest.mark.parametrize("given", ['"6"', 'W/"7"', "7", "", '"77"'])
def test_if_match_refuses_other_versions(given: str) -> None:
    with pytest.raises(PreconditionFailed, match='"7"'):
        require_match(given, '"7"')


def test_comma_inside_a_tag_does_not_split_it() -> None:
    assert none_match('"a,7,b"', '"7"')
    assert not none_match('"a,7,b"', '"a,7,b"')
