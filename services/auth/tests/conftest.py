"""The auth app with a database, and a clock that tests can advance."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from euterpe_auth.app import create_app
from euterpe_auth.domain.clock import utc_now
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_auth.settings import Settings
from euterpe_service_kit.database import Database
from euterpe_test_kit.databases import DatabaseFactory
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.mail_server import MailServer
from pydantic import AnyHttpUrl, SecretStr

SERVICE = Path(__file__).resolve().parents[1]
CLIENT_SECRET = "a long random secret"


@dataclass
class FakeClock:
    """The current time plus an offset."""

    offset: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.offset

    def advance(self, **delta: float) -> None:
        self.offset += timedelta(**delta)


@dataclass
class UserClient:
    """A user of the API."""

    client: httpx.AsyncClient
    username: str = "Clara"
    password: str = "op. 7, in A minor"

    async def register(self) -> httpx.Response:
        body = {"username": self.username, "password": self.password}
        return await self.client.post("/api/v1/auth/users", json=body)

    async def log_in(self, **changes: str) -> httpx.Response:
        form = {"grant_type": "password", "username": self.username, "password": self.password} | changes
        return await self.client.post("/api/v1/auth/token", data=form)

    async def refresh(self, token: str) -> httpx.Response:
        return await self.client.post("/api/v1/auth/refresh", json={"refresh_token": token})

    async def me(self, access_token: str) -> httpx.Response:
        return await self.client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {access_token}"})

    async def call(self, method: str, path: str, access_token: str, **request: Any) -> httpx.Response:
        """Send a request to a path below /api/v1/auth with an access token."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return await self.client.request(method, f"/api/v1/auth{path}", headers=headers, **request)

    async def guest(self) -> dict[str, Any]:
        """Create a guest."""
        body: dict[str, Any] = (await self.client.post("/api/v1/auth/guest")).json()
        return body

    async def tokens(self) -> dict[str, Any]:
        """Register and log in."""
        await self.register()
        answer = await self.log_in()
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
def settings(databases: DatabaseFactory) -> Settings:
    return Settings(
        database_url=SecretStr(databases.create(SERVICE, url_variable="EUTERPE_AUTH_DATABASE_URL")),
        key_encryption_key=SecretStr(Fernet.generate_key().decode()),
        service_clients={"generator": SecretStr(hashlib.sha256(CLIENT_SECRET.encode()).hexdigest())},
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def replica(settings: Settings, clock: FakeClock) -> Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]:
    """Start another instance with the same database; keyword arguments change its settings."""

    def start(**changes: Any) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        return running_client(create_app(settings.model_copy(update=changes), clock=clock))

    return start


@pytest_asyncio.fixture
async def client(replica: Callable[..., Any]) -> AsyncIterator[httpx.AsyncClient]:
    async with replica() as client:
        yield client


@pytest.fixture
def make_user() -> type[UserClient]:
    """Creates users: `make_user(client, username=…)`."""
    return UserClient


@pytest.fixture
def at() -> Callable[[httpx.AsyncClient, str], httpx.AsyncClient]:
    """Call the same app from another network address."""

    def move(client: httpx.AsyncClient, address: str) -> httpx.AsyncClient:
        app = client._transport.app  # type: ignore[attr-defined]
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=(address, 50_000)), base_url="http://testserver"
        )

    return move


@pytest.fixture
def user(client: httpx.AsyncClient) -> UserClient:
    return UserClient(client)


@pytest.fixture
def client_secret() -> str:
    return CLIENT_SECRET


@pytest_asyncio.fixture
async def rows(settings: Settings) -> AsyncIterator[Callable[..., Any]]:
    """Execute a statement on auth's database, and return its rows."""
    connection = await asyncpg.connect(settings.database_url.get_secret_value().replace("+asyncpg", ""))
    await connection.execute("SET search_path = auth")
    yield connection.fetch
    await connection.close()


@pytest_asyncio.fixture
async def signing_key(settings: Settings, clock: FakeClock) -> AsyncIterator[Callable[..., Any]]:
    """Auth's private key, to sign tokens that auth would not issue."""
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    yield KeyRing(database, settings.key_encryption_key.get_secret_value(), clock).signing_key
    await database.close()


@pytest_asyncio.fixture
async def mailing_client(replica: Callable[..., Any], mail_server: MailServer) -> AsyncIterator[httpx.AsyncClient]:
    """An instance that sends its mails to a real mail server."""
    async with replica(
        public_url=AnyHttpUrl("https://music.example/"),
        mail_from="Euterpe <no-reply@music.example>",
        smtp_host="127.0.0.1",
        smtp_port=mail_server.port,
        smtp_security="none",
    ) as client:
        yield client
