"""Responses to users and peers while PostgreSQL or S3 is unavailable."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from euterpe_library.app import create_app
from euterpe_library.settings import Settings
from euterpe_stack.postgres import Postgres
from euterpe_test_kit.databases import migrate
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from pydantic import SecretStr

MakeRequest = Any
RegisterOne = Any
Register = Any


@pytest.fixture
def own_postgres(tmp_path: Path) -> Any:
    server = Postgres(tmp_path / "data", password=secrets.token_hex(16), log=tmp_path / "postgres.log", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(settings: Settings, own_postgres: Postgres, repository_root: Path) -> Settings:
    url = own_postgres.url()
    migrate(repository_root / "services/library", url_variable="EUTERPE_LIBRARY_DATABASE_URL", url=url)
    return settings.model_copy(update={"database_url": SecretStr(url)})


async def test_an_unavailable_database_is_503_and_recovers(
    client: httpx.AsyncClient,
    register_one: RegisterOne,
    make_request: MakeRequest,
    register: Register,
    own_postgres: Postgres,
    token_issuer: TokenIssuer,
) -> None:
    clara = token_issuer.headers("clara")
    song_id = await register(title="Kept")
    own_postgres.stop()

    for method, path in [
        ("GET", "/api/v1/songs"),
        ("GET", f"/api/v1/songs/{song_id}/midi"),
        ("DELETE", f"/api/v1/songs/{song_id}"),
    ]:
        answer = await client.request(method, path, headers=clara)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert int(answer.headers["retry-after"]) > 0
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await register_one(make_request())
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200

    own_postgres.start()
    songs = (await client.get("/api/v1/songs", headers=clara)).json()["items"]
    assert [song["title"] for song in songs] == ["Kept"]
    assert (await client.get("/readyz")).json() == {"database": "ok", "object_store": "ok", "loops": "ok"}


@pytest_asyncio.fixture
async def without_s3(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A second instance on the same database, without an object store."""
    unreachable = settings.s3.model_copy(update={"endpoint_url": "http://127.0.0.1:9"})
    async with running_client(create_app(settings.model_copy(update={"s3": unreachable}))) as client:
        yield client


async def test_an_unavailable_object_store_is_503_for_files_only(
    register: Register, without_s3: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    clara = token_issuer.headers("clara")
    song_id = await register()
    answer = await without_s3.get(f"/api/v1/songs/{song_id}/midi", headers=clara)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert (await without_s3.get(f"/api/v1/songs/{song_id}", headers=clara)).status_code == 200


async def test_an_unexpected_error_reveals_no_details_to_peers(
    app: FastAPI, register_one: RegisterOne, make_request: MakeRequest
) -> None:
    app.state.database.sessions = None
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await register_one(make_request())
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert "NoneType" not in (caught.value.details() or "")
