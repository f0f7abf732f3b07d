"""Runs Alembic migrations on asyncpg inside the service's own schema; called by each `migrations/env.py`.

Also what several migrations do: indexes and changes of rows without long locks, and storage settings.
"""

import asyncio
import os
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from alembic import context, op
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

#: A migration that does not get its lock in time fails; while it waits, all readers of the table wait too.
LOCK_TIMEOUT = "5s"
_BATCH: Final = 1000

#: Table → storage parameters, such as `fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05`.
StorageSettings = Mapping[str, str]


def create_index_concurrently(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Build an index while the table is written; call it within an autocommit block.

    An index of this name that an interrupted build left is replaced. `options` are those of `op.create_index`.
    """
    # Only this build waits for a lock then, not the statements of the services.
    op.execute("SET lock_timeout = 0")
    op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
    op.create_index(name, table, list(columns), postgresql_concurrently=True, **options)
    op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def drop_index_concurrently(name: str, table: str) -> None:
    """Drop an index while the table is used, unless it is gone; call it within an autocommit block."""
    op.execute("SET lock_timeout = 0")
    op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
    op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def set_storage(settings: StorageSettings) -> None:
    """Set storage parameters of tables."""
    for table, parameters in settings.items():
        op.execute(f"ALTER TABLE {table} SET ({parameters})")


def reset_storage(settings: StorageSettings) -> None:
    """Reset the parameters that `set_storage` set to the server's defaults."""
    for table, parameters in settings.items():
        names = ", ".join(parameter.split("=")[0].strip() for parameter in parameters.split(","))
        op.execute(f"ALTER TABLE {table} RESET ({names})")


def update_in_batches(table: str, condition: str, *statements: str) -> None:
    """Run statements on the rows that meet a condition, a batch of ids after the other.

    Call it within an autocommit block, so that no lock outlasts its batch. `statements` have the parameter `:ids`.
    """
    connection = op.get_bind()
    chosen = text(f"SELECT id FROM {table} WHERE {condition} AND id > :after ORDER BY id LIMIT {_BATCH}")  # noqa: S608
    after = uuid.UUID(int=0)
    while ids := list(connection.scalars(chosen, {"after": after})):
        for statement in statements:
            connection.execute(text(statement), {"ids": ids})
        after = ids[-1]


def run_migrations(metadata: MetaData, *, schema: str, url_variable: str) -> None:
    """Run the requested revisions on the database whose URL is in the environment variable `url_variable`."""
    url = os.environ.get(url_variable)
    if not url:
        raise SystemExit(f"Set {url_variable} to the database to migrate, e.g. postgresql+asyncpg://user@host/euterpe")
    asyncio.run(_run(url, metadata, schema))


async def _run(url: str, metadata: MetaData, schema: str) -> None:
    engine = create_async_engine(
        url, poolclass=pool.NullPool, connect_args={"server_settings": {"search_path": schema}}
    )
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata, schema)
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData, schema: str) -> None:
    # Skipped if the schema exists: the role may lack the right to create one.
    exists = connection.scalar(text("SELECT 1 FROM pg_namespace WHERE nspname = :schema"), {"schema": schema})
    if not exists:
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    # The search path is the schema, so Alembic creates its own table there.
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
