"""Limits of transactions: an idle or long one is ended by the server, and maintenance has longer limits."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
import pytest_asyncio
from euterpe_service_kit import database as database_module
from euterpe_service_kit.database import Database, is_unavailable
from sqlalchemy import text


@pytest_asyncio.fixture
async def database(monkeypatch: pytest.MonkeyPatch, make_database: Any) -> Any:
    """A database whose limits are some seconds: idle 1, transaction 2, statement 0.5; for maintenance 3 each."""
    monkeypatch.setattr(database_module, "LIMITS", database_module.Limits(0.5, 1, 2))
    monkeypatch.setattr(database_module, "MAINTENANCE_LIMITS", database_module.Limits(3, 3, 4))
    made: Database = make_database()
    yield made
    await made.close()


async def _run(database: Database, *statements: str, pause_seconds: float = 0.0) -> None:
    async with database.sessions.begin() as session:
        for statement in statements:
            await session.execute(text(statement))
            await asyncio.sleep(pause_seconds)


async def _error_of(transaction: Awaitable[None]) -> BaseException | None:
    try:
        await transaction
    except Exception as error:  # noqa: BLE001 - its kind is what the tests are about
        return error
    return None


async def test_an_idle_transaction_is_ended(database: Database) -> None:
    error = await _error_of(_run(database, "SELECT 1", "SELECT 1", pause_seconds=1.6))
    assert error is not None
    assert is_unavailable(error)
    await _run(database, "SELECT 1")


async def test_a_long_transaction_is_ended(database: Database) -> None:
    error = await _error_of(_run(database, *["SELECT pg_sleep(0.4)"] * 8))
    assert error is not None
    assert is_unavailable(error)


async def test_maintenance_may_take_longer(database: Database) -> None:
    assert await _error_of(_run(database, "SELECT pg_sleep(1)")) is not None
    async with database.maintenance.begin() as session:
        await session.execute(text("SELECT pg_sleep(1)"))
        await asyncio.sleep(1.6)
        assert await session.scalar(text("SELECT 1")) == 1


async def test_the_limits_hold_for_every_kind_of_session(make_database: Any) -> None:
    database: Database = make_database()
    limits = []
    for sessions in (database.sessions, database.readers, database.maintenance):
        async with sessions() as session:
            names = ("idle_in_transaction_session_timeout", "transaction_timeout")
            limits.append([await session.scalar(text(f"SHOW {name}")) for name in names])
    assert limits == [["10s", "30s"], ["10s", "30s"], ["1min", "2min"]]
    await database.close()


async def test_a_pool_shrinks_after_a_burst_and_grows_again(
    monkeypatch: pytest.MonkeyPatch, make_database: Any
) -> None:
    monkeypatch.setattr(database_module, "IDLE_SECONDS", 1)
    database: Database = make_database()

    async def connections() -> int:
        async with database.sessions() as session:
            mine = "SELECT count(*) FROM pg_stat_activity WHERE application_name = current_setting('application_name')"
            return int(await session.scalar(text(mine)) or 0)

    for _ in range(2):
        # In the second burst, the pool finds its connections closed.
        await asyncio.gather(*(_run(database, "SELECT pg_sleep(0.3)") for _ in range(8)))
        assert await connections() == 8
        deadline = asyncio.get_running_loop().time() + 30
        # Every query uses one connection, and always the same.
        while (left := await connections()) > 1 and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.2)
        assert left == 1
    await database.close()
