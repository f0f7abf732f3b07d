"""Deadlines: a server that accepts connections and does not answer is 503 within five seconds."""

import asyncio
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe_service_kit.database import Database, ReadOnlyDatabase, SessionDep
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_stack.postgres import Postgres
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

#: Five seconds, and some time for a busy machine.
LIMIT_SECONDS = 6.0


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "data", password=secrets.token_hex(16), log=tmp_path / "postgres.log", durable=False)
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    database = Database(postgres.url(), schema="public", pool_size=2)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def client(app: FastAPI, client_of: Any, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app.state.database = database
    app.state.readiness.add("database", database.ping)

    @app.get("/one")
    async def one(session: SessionDep) -> int:
        return int(await session.scalar(text("SELECT 1")) or 0)

    async with client_of(app) as client:
        yield client


def _backends(postgres: Postgres) -> list[int]:
    """Return the server's process and its children."""
    pid = postgres.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


async def test_a_frozen_database_is_503_within_five_seconds_and_recovers(
    client: httpx.AsyncClient, postgres: Postgres
) -> None:
    assert (await client.get("/one")).status_code == 200
    frozen = _backends(postgres)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        # More requests than connections: some wait for a connection, some for an answer.
        answers = await asyncio.gather(*(client.get("/one") for _ in range(6)), client.get("/readyz"))
        seconds = time.monotonic() - started
    finally:
        for pid in reversed(frozen):
            os.kill(pid, signal.SIGCONT)
    assert [answer.status_code for answer in answers] == [503] * 7
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers[:6])
    assert seconds < LIMIT_SECONDS
    assert (await client.get("/one")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200


async def test_a_database_that_accepts_no_writes_is_not_ready(database: Database, postgres: Postgres) -> None:
    position = text("SELECT pg_current_wal_insert_lsn()::text")
    async with database.readers() as session:
        before = await session.scalar(position)
    await database.ping()
    async with database.readers() as session:
        assert await session.scalar(position) != before, "readiness wrote nothing"
    async with database.engine.connect() as connection:
        settled = await connection.execution_options(isolation_level="AUTOCOMMIT")
        # As hosted servers do when their disk is full.
        await settled.execute(text("ALTER ROLE postgres SET default_transaction_read_only = on"))
    await database.engine.dispose()
    with pytest.raises(ReadOnlyDatabase):
        await database.ping()


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Accepts connections and never answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    accepted: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                accepted.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for connection in accepted:
        connection.close()


async def test_a_silent_object_store_is_unavailable_within_five_seconds(silent_server: str) -> None:
    settings = ObjectStoreSettings(
        endpoint_url=silent_server, bucket="b", access_key_id="a", secret_access_key=SecretStr("s")
    )
    store = ObjectStore(settings)
    started = time.monotonic()
    calls = [store.ping("midi/"), store.get("k"), store.put("k", b"x", content_type="audio/midi"), store.delete("k")]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    seconds = time.monotonic() - started
    store.close()
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 4
    assert seconds < LIMIT_SECONDS
