"""Auth without its database, and with invalid settings."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from euterpe_auth.settings import Settings
from euterpe_stack.postgres import Postgres
from euterpe_test_kit.databases import migrate
from pydantic import SecretStr, ValidationError

SERVICE = Path(__file__).resolve().parents[1]


async def test_an_unavailable_database_is_503_and_recovers(replica: Any, make_user: Any, tmp_path: Path) -> None:
    server = Postgres(tmp_path / "data", password="only here", log=tmp_path / "log", durable=False)
    server.start()
    migrate(SERVICE, url_variable="EUTERPE_AUTH_DATABASE_URL", url=_url(server))
    async with replica(database_url=SecretStr(_url(server))) as client:
        user = make_user(client)
        tokens = await user.tokens()
        server.stop()
        for answer in (await user.log_in(), await user.register(), await user.refresh("x")):
            _check_unavailable(answer)
        _check_unavailable(await user.me(tokens["access_token"]))
        assert (await client.get("/readyz")).status_code == 503
        # Other services can still verify tokens.
        assert (await client.get("/.well-known/jwks.json")).status_code == 200
        server.start()
        assert (await user.me(tokens["access_token"])).status_code == 200
        assert (await user.refresh(tokens["refresh_token"])).status_code == 200
    server.stop()


async def test_it_starts_without_its_database(replica: Any, make_user: Any, tmp_path: Path) -> None:
    server = Postgres(tmp_path / "data", password="only here", log=tmp_path / "log", durable=False)
    async with replica(database_url=SecretStr(_url(server))) as client:
        _check_unavailable(await client.get("/.well-known/jwks.json"))
        assert (await client.get("/readyz")).json()["signing_keys"] == "Unavailable"
        assert (await client.get("/healthz")).status_code == 200
        server.start()
        migrate(SERVICE, url_variable="EUTERPE_AUTH_DATABASE_URL", url=_url(server))
        await _ready(client)
        assert (await make_user(client).tokens())["access_token"]
    server.stop()


def _url(server: Postgres) -> str:
    return server.url(password="only here")


def _check_unavailable(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"EUTERPE_AUTH_KEY_ENCRYPTION_KEY": "too-short-and-secret"}, "key_encryption_key"),
        ({"EUTERPE_AUTH_KEY_ENCRYPTION_KEY": None}, "key_encryption_key"),
        ({"EUTERPE_AUTH_DATABASE_URL": None}, "database_url"),
        ({"EUTERPE_AUTH_SERVICE_CLIENTS": '{"generator": "plain-and-secret"}'}, "service_clients"),
        ({"EUTERPE_AUTH_ACCESS_TOKEN_SECONDS": "901"}, "access_token_seconds"),
    ],
)
def test_invalid_settings_are_named_without_secrets(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str | None], field: str
) -> None:
    environment = {
        "EUTERPE_AUTH_DATABASE_URL": "postgresql+asyncpg://auth@localhost/euterpe",
        "EUTERPE_AUTH_KEY_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "EUTERPE_AUTH_SERVICE_CLIENTS": '{"generator": "%s"}' % ("ab" * 32),
    }
    for name, value in (environment | change).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as raised:
        Settings()  # type: ignore[call-arg]
    assert field in str(raised.value)
    assert "and-secret" not in str(raised.value)


async def test_a_body_over_the_limit_is_413(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/auth/users", json={"username": "clara", "password": "x" * 20_000})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/payload-too-large")
    assert "16384" in answer.json()["detail"]
