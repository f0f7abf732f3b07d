"""Metrics of snapshots and dead rows."""

import asyncio
from typing import Any

from euterpe_service_kit.database import Database
from euterpe_service_kit.database_metrics import DatabaseMetrics
from prometheus_client import CollectorRegistry
from sqlalchemy import text


async def test_an_old_snapshot_and_the_dead_rows_that_it_keeps_are_seen(make_database: Any) -> None:
    database: Database = make_database()
    registry = CollectorRegistry()
    metrics = DatabaseMetrics("probe", registry, database)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"euterpe_probe_database_{name}", labels)

    async with database.sessions.begin() as session:
        await session.execute(text("CREATE TABLE piece AS SELECT n FROM generate_series(1, 1000) AS n"))
    await metrics.read()
    assert value("oldest_snapshot_seconds") == 0
    async with database.sessions() as holder:
        await holder.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await holder.execute(text("SELECT count(*) FROM piece"))
        async with database.sessions.begin() as session:
            await session.execute(text("UPDATE piece SET n = n + 1"))
            await session.execute(text("SELECT pg_stat_force_next_flush()"))
        await asyncio.sleep(1)
        await metrics.read()
        assert 1 <= (value("oldest_snapshot_seconds") or 0) < 60
        assert value("dead_rows", table="piece") == 1000
        assert value("live_rows", table="piece") is not None
    await database.close()
