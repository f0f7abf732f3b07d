"""Fixtures, which pytest loads through the `pytest11` entry point."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_stack.object_store import S3Credentials, SeaweedFs
from euterpe_stack.postgres import Postgres
from fastapi import FastAPI
from pydantic import SecretStr

from euterpe_test_kit import process_caches
from euterpe_test_kit.databases import DatabaseFactory
from euterpe_test_kit.issuer import TokenIssuer
from euterpe_test_kit.mail_server import MailServer

_BUCKET = "euterpe-test"


@pytest.fixture(scope="session")
def repository_root() -> Path:
    """The repository's root directory."""
    return Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A real PostgreSQL server for the session."""
    directory = tmp_path_factory.mktemp("postgres")
    server = Postgres(directory / "data", password=secrets.token_hex(16), log=directory / "postgres.log", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A real mail server on loopback."""
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(postgres_server: Postgres) -> DatabaseFactory:
    """Factory of fresh, migrated databases."""
    return DatabaseFactory(postgres_server)


@pytest.fixture(scope="session")
def object_store_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStoreSettings]:
    """A real S3 server for the session, with a bucket."""
    directory = tmp_path_factory.mktemp("s3")
    credentials = S3Credentials(secrets.token_hex(8), secrets.token_hex(16))
    server = SeaweedFs(directory / "data", credentials=credentials, log=directory / "s3.log")
    server.start()
    server.wait_ready(_BUCKET)
    yield ObjectStoreSettings(
        endpoint_url=server.endpoint_url,
        bucket=_BUCKET,
        access_key_id=credentials.access_key_id,
        secret_access_key=SecretStr(credentials.secret_access_key),
    )
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def shared_process_caches() -> Iterator[None]:
    """Apps of a test process share what does not differ between them."""
    with pytest.MonkeyPatch.context() as patch:
        process_caches.install(patch)
        yield


@pytest.fixture(scope="session")
def object_store(object_store_settings: ObjectStoreSettings) -> Iterator[ObjectStore]:
    """A client of the session's bucket."""
    store = ObjectStore(object_store_settings)
    yield store
    store.close()


@pytest.fixture(scope="session")
def token_issuer() -> Iterator[TokenIssuer]:
    """Issuer of tokens that services under test accept."""
    issuer = TokenIssuer()
    yield issuer
    issuer.close()


@asynccontextmanager
async def running_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Yield an HTTP client of an app whose lifespan runs. Unexpected errors become responses with status 500."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        yield client
