"""Metrics of rows that cannot be removed: the age of the oldest snapshot, and dead rows by table."""

from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import text

from euterpe_service_kit.database import Database

#: Interval at which the metrics are read.
READ_SECONDS: Final = 30.0

# A role that is not a member of pg_monitor sees the snapshots of its own sessions only.
_OLDEST_SNAPSHOT: Final = text("""
    SELECT greatest(
      coalesce((SELECT max(extract(epoch FROM now() - xact_start)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
                  AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)), 0),
      coalesce((SELECT max(extract(epoch FROM now() - prepared)) FROM pg_prepared_xacts
                WHERE database = current_database()), 0))
""")
_ROWS: Final = text("""
    SELECT relname, n_dead_tup, n_live_tup FROM pg_stat_user_tables WHERE schemaname = current_schema()
""")


class DatabaseMetrics:
    """Gauges of one service's database; `read` is the turn of a background loop."""

    def __init__(self, service: str, registry: CollectorRegistry, database: Database) -> None:
        self._database = database
        self._oldest_snapshot = Gauge(
            f"euterpe_{service}_database_oldest_snapshot_seconds",
            "Age of the oldest transaction of the database that keeps dead rows from being removed.",
            registry=registry,
        )
        self._dead = Gauge(
            f"euterpe_{service}_database_dead_rows", "Dead rows by table, estimated.", ["table"], registry=registry
        )
        self._live = Gauge(
            f"euterpe_{service}_database_live_rows", "Live rows by table, estimated.", ["table"], registry=registry
        )

    async def read(self) -> None:
        """Read the metrics once."""
        async with self._database.readers() as session:
            oldest = await session.scalar(_OLDEST_SNAPSHOT)
            rows = (await session.execute(_ROWS)).all()
        self._oldest_snapshot.set(float(oldest or 0))
        for table, dead, live in rows:
            self._dead.labels(table).set(dead)
            self._live.labels(table).set(live)
