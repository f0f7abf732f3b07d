"""Who may do what: every operation of the OpenAPI document, so that a new one cannot be forgotten."""

import time
import uuid
from typing import Any

import httpx
import pytest
from euterpe_library.app import create_app
from euterpe_library.settings import Settings
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI

Register = Any
BODIES = {"patch": {"title": "Taken over"}}


def operations(app: FastAPI) -> list[tuple[str, str]]:
    paths = app.openapi()["paths"]
    found = [(method, path) for path, item in paths.items() for method in item]
    return [*found, ("head", "/api/v1/songs/{song_id}/midi")]


async def call(
    client: httpx.AsyncClient, method: str, path: str, song_id: str, headers: dict[str, str]
) -> httpx.Response:
    return await client.request(method, path.format(song_id=song_id), json=BODIES.get(method), headers=headers)


@pytest.fixture
def credentials(token_issuer: TokenIssuer) -> dict[str, str]:
    stranger = TokenIssuer()
    stranger.kid = token_issuer.kid
    other_key = stranger.access_token("clara")
    stranger.close()
    valid = token_issuer.access_token("clara")
    head, body, signature = valid.split(".")
    return {
        "none": "",
        "not a bearer": f"Basic {valid}",
        "garbage": "Bearer garbage",
        "expired": f"Bearer {token_issuer.access_token('clara', exp=int(time.time()) - 1)}",
        "signed by another key": f"Bearer {other_key}",
        "tampered": f"Bearer {head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        "for another audience": f"Bearer {token_issuer.access_token('clara', aud='elsewhere')}",
        "a service's": f"Bearer {token_issuer.service_token('clara')}",
    }


async def test_without_a_valid_token_every_operation_is_401(
    app: FastAPI, client: httpx.AsyncClient, register: Register, credentials: dict[str, str], token_issuer: TokenIssuer
) -> None:
    song_id = await register()
    for method, path in operations(app):
        for kind, value in credentials.items():
            answer = await call(client, method, path, song_id, {"Authorization": value} if value else {})
            assert answer.status_code == 401, (method, path, kind)
            assert answer.headers["www-authenticate"] == "Bearer"
    song = (await client.get(f"/api/v1/songs/{song_id}", headers=token_issuer.headers("clara"))).json()
    assert song["version"] == 1


async def test_other_peoples_songs_look_like_missing_ones(
    app: FastAPI, client: httpx.AsyncClient, register: Register, token_issuer: TokenIssuer
) -> None:
    song_id = await register(owner_id="clara")
    robert = token_issuer.headers("robert")
    tried = [(method, path) for method, path in operations(app) if "{song_id}" in path]
    assert len(tried) >= 5
    for method, path in tried:
        other = await call(client, method, path, song_id, robert)
        missing = await call(client, method, path, str(uuid.uuid4()), robert)
        assert (other.status_code, missing.status_code) == (404, 404), (method, path)
        if method != "head":
            hidden = {"instance", "request_id"}
            assert {k: v for k, v in other.json().items() if k not in hidden} == {
                k: v for k, v in missing.json().items() if k not in hidden
            }
    assert (await client.get("/api/v1/songs", headers=robert)).json()["items"] == []
    song = (await client.get(f"/api/v1/songs/{song_id}", headers=token_issuer.headers("clara"))).json()
    assert song["title"] == "Nocturne"


def test_every_operation_documents_its_errors_and_examples(settings: Settings) -> None:
    document = create_app(settings).openapi()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert {"401", "422", "503"} <= set(operation["responses"]), (method, path)
            assert operation["security"], (method, path)
            if "{song_id}" in path:
                assert "404" in operation["responses"], (method, path)
    assert {op["operationId"] for item in document["paths"].values() for op in item.values()} == {
        "list_songs",
        "get_song",
        "change_song",
        "delete_song",
        "download_midi",
    }
