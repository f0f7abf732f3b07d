"""Each service's role owns its schema and cannot access others."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from euterpe_stack.bootstrap import DATABASE, current_revision, prepare_database, role_of
from euterpe_stack.postgres import Postgres

SUPERUSER_PASSWORD = secrets.token_hex(8)
PASSWORDS = {"auth": "pass'word of auth", "library": "password-of-library"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    # A server of its own: roles belong to a server, not to a database.
    directory = tmp_path_factory.mktemp("postgres")
    server = Postgres(directory / "data", password=SUPERUSER_PASSWORD, log=directory / "log", durable=False)
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def auth(server: Postgres) -> AsyncIterator[asyncpg.Connection]:
    # Twice, as at the second start.
    for _ in range(2):
        await prepare_database(server.port, server.superuser, SUPERUSER_PASSWORD, PASSWORDS)
    connection = await connect(server, "auth")
    yield connection
    await connection.close()


async def connect(server: Postgres, service: str, database: str = DATABASE) -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1", port=server.port, user=role_of(service), password=PASSWORDS[service], database=database
    )


async def test_a_service_owns_its_schema(auth: asyncpg.Connection) -> None:
    await auth.execute("CREATE TABLE auth.users (name text)")
    await auth.execute("INSERT INTO auth.users VALUES ('clara')")
    await auth.execute("DROP TABLE auth.users")


async def test_a_service_cannot_access_other_schemas(auth: asyncpg.Connection, server: Postgres) -> None:
    library = await connect(server, "library")
    await library.execute("CREATE TABLE IF NOT EXISTS library.songs (title text)")
    await library.close()
    for statement in (
        "SELECT * FROM library.songs",
        "CREATE TABLE library.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE TEMPORARY TABLE mine (x int)",
        "SELECT pg_read_file('/etc/hostname')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await auth.execute(statement)
    for database in ("postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connect(server, "auth", database)


async def test_titles_can_be_searched(server: Postgres, auth: asyncpg.Connection) -> None:
    library = await connect(server, "library")
    await library.execute("CREATE TABLE library.titles (title text)")
    await library.execute("CREATE INDEX ON library.titles USING gin (title public.gin_trgm_ops)")
    await library.close()


async def test_a_schema_without_migrations_has_no_revision(server: Postgres, auth: asyncpg.Connection) -> None:
    url = server.url(DATABASE, user=role_of("library"), password=PASSWORDS["library"])
    assert await current_revision(url, "library") is None
    library = await connect(server, "library")
    await library.execute("CREATE TABLE library.alembic_version (version_num text)")
    await library.execute("INSERT INTO library.alembic_version VALUES ('0007')")
    await library.close()
    assert await current_revision(url, "library") == "0007"


async def test_a_database_keeps_what_it_acknowledged_when_it_is_killed(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "data", password=SUPERUSER_PASSWORD, log=tmp_path / "log")
    server.start()
    await prepare_database(server.port, server.superuser, SUPERUSER_PASSWORD, PASSWORDS)
    connection = await connect(server, "auth")
    await connection.execute("CREATE TABLE auth.kept AS SELECT 1 AS number")
    server.process.kill()
    server.start()
    try:
        connection = await connect(server, "auth")
        assert await connection.fetchval("SELECT number FROM auth.kept") == 1
        await connection.close()
    finally:
        server.stop()
