"""Fixtures of the service kit's tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.database import Database
from euterpe_service_kit.settings import ServiceSettings
from euterpe_test_kit.databases import DatabaseFactory
from euterpe_test_kit.fixtures import running_client
from fastapi import FastAPI


@pytest.fixture
def app() -> FastAPI:
    """A base app with a body limit of 1,000 bytes; tests add routes."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    return create_base_app("probe", ServiceSettings(max_body_bytes=1000), lifespan=lifespan, description="")


@pytest.fixture
def client_of() -> Callable[[FastAPI], AbstractAsyncContextManager[httpx.AsyncClient]]:
    """Returns an HTTP client of a running app."""
    return running_client


@pytest.fixture
def database_url(databases: DatabaseFactory) -> str:
    return databases.create_empty()


@pytest.fixture
def make_database(database_url: str) -> Callable[..., Database]:
    """Opens the test's database: `make_database(pool_size=1)`."""

    def make(**options: Any) -> Database:
        return Database(options.pop("url", database_url), schema="public", **options)

    return make
