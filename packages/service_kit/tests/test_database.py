"""Transactions of requests, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe_service_kit.database import Database, SessionDep
from euterpe_service_kit.errors import Conflict
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

TABLE = """CREATE TABLE songs (title text PRIMARY KEY,
    original text REFERENCES songs (title) DEFERRABLE INITIALLY DEFERRED)"""


@pytest_asyncio.fixture
async def database(make_database: Any) -> AsyncIterator[Database]:
    database = make_database(pool_size=2)
    async with database.sessions.begin() as session:
        await session.execute(text(TABLE))
    yield database
    await database.close()


@pytest_asyncio.fixture
async def client(app: FastAPI, client_of: Any, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app.state.database = database

    @app.post("/songs/{title}", status_code=201)
    async def add(title: str, session: SessionDep, original: str | None = None, refuse: bool = False) -> str:
        values = {"title": title, "original": original}
        await session.execute(text("INSERT INTO songs VALUES (:title, :original)"), values)
        if refuse:
            raise Conflict("Refused after writing.")
        return title

    @app.get("/wait")
    async def wait(session: SessionDep, seconds: float) -> None:
        await session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})

    async with client_of(app) as client:
        yield client


async def _titles(database: Database) -> list[str]:
    async with database.sessions() as session:
        return list(await session.scalars(text("SELECT title FROM songs")))


async def test_successful_request_is_committed(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.post("/songs/waltz")).status_code == 201
    assert await _titles(database) == ["waltz"]


async def test_failed_commit_is_an_error(client: httpx.AsyncClient, database: Database) -> None:
    """The foreign key is checked at commit, after the handler has returned."""
    response = await client.post("/songs/waltz?original=missing")
    assert response.status_code == 500
    assert await _titles(database) == []


async def test_error_rolls_back(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.post("/songs/waltz?refuse=true")).status_code == 409
    assert await _titles(database) == []


async def test_values_of_a_failed_statement_are_not_logged(
    app: FastAPI, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/failing")
    async def failing(session: SessionDep, password: str) -> None:
        await session.execute(text("SELECT CAST(:password AS text), 1 / 0"), {"password": password})

    assert (await client.get("/failing?password=s3cr3t")).status_code == 500
    assert "division by zero" in caplog.text
    assert "s3cr3t" not in caplog.text


async def _sleeper(database: Database) -> int:
    """Wait for a sleeping server process and return its id; each poll needs its own transaction."""
    while True:
        async with database.sessions() as session:
            pid: int | None = await session.scalar(
                text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
            )
        if pid is not None:
            return pid
        await asyncio.sleep(0.02)


async def test_lost_connection_is_replaced(client: httpx.AsyncClient, database: Database) -> None:
    waiting = asyncio.create_task(client.get("/wait?seconds=20"))
    async with asyncio.timeout(20):
        pid = await _sleeper(database)
    async with database.sessions() as session:
        await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    response = await waiting
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert (await client.post("/songs/waltz")).status_code == 201


async def test_lock_timeout_is_503(client: httpx.AsyncClient, database: Database, app: FastAPI) -> None:
    @app.get("/impatient")
    async def impatient(session: SessionDep) -> None:
        await session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        await session.execute(text("LOCK TABLE songs"))

    async with database.sessions.begin() as session:
        await session.execute(text("LOCK TABLE songs"))
        assert (await client.get("/impatient")).status_code == 503
    assert (await client.get("/impatient")).status_code == 200


async def test_unreachable_database_is_503(app: FastAPI, client_of: Any, make_database: Any) -> None:
    app.state.database = make_database(url="postgresql+asyncpg://nobody@127.0.0.1:9/nothing")

    @app.get("/songs")
    async def read(session: SessionDep) -> None:
        await session.execute(text("SELECT 1"))

    app.state.readiness.add("database", app.state.database.ping)
    async with client_of(app) as client:
        assert (await client.get("/songs")).status_code == 503
        assert (await client.get("/readyz")).json() == {"database": "ConnectionRefusedError"}


async def test_reader_sees_commits_and_cannot_write(database: Database) -> None:
    async with database.readers() as reader:
        count = text("SELECT count(*) FROM songs")
        assert await reader.scalar(count) == 0
        async with database.sessions.begin() as session:
            await session.execute(text("INSERT INTO songs VALUES ('Nocturne')"))
            assert await reader.scalar(count) == 0
        # A reader has no transaction and therefore no snapshot.
        assert await reader.scalar(count) == 1
        with pytest.raises(DBAPIError, match="read-only"):
            await reader.execute(text("DELETE FROM songs"))
    async with database.sessions() as session:
        assert await session.scalar(count) == 1


@pytest.mark.parametrize("kind", ["sessions", "readers"])
async def test_connections_closed_by_the_server_are_not_used(make_database: Any, kind: str) -> None:
    database = make_database(pool_size=2, pre_ping=False)
    sessions, killers = getattr(database, kind), database.sessions if kind == "readers" else database.readers
    async with sessions() as session:
        process = await session.scalar(text("SELECT pg_backend_pid()"))
    async with killers() as killer:
        assert await killer.scalar(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
    await asyncio.sleep(0.05)
    async with sessions() as session:
        assert await session.scalar(text("SELECT pg_backend_pid()")) != process
    await database.close()
