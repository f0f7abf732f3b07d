"""Migrations as operators run them."""

from pathlib import Path

import asyncpg
import pytest
from euterpe_test_kit.databases import DatabaseFactory, check_models, migrate

VARIABLE = "EUTERPE_LIBRARY_DATABASE_URL"


@pytest.fixture
def service(repository_root: Path) -> Path:
    return repository_root / "services/library"


async def query(url: str, sql: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def tables(url: str) -> set[str]:
    rows = await query(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'library'")
    return {row["tablename"] for row in rows} - {"alembic_version"}


async def test_up_down_and_up_again(databases: DatabaseFactory, service: Path) -> None:
    url = databases.create_empty()
    for revision, expected in (("head", {"songs"}), ("base", set()), ("head", {"songs"})):
        migrate(service, url_variable=VARIABLE, url=url, revision=revision)
        assert await tables(url) == expected


async def test_an_extension_that_an_operator_made_elsewhere_is_used(databases: DatabaseFactory, service: Path) -> None:
    url = databases.create_empty()
    await query(url, 'CREATE SCHEMA "Shared Extensions"')
    await query(url, 'CREATE EXTENSION pg_trgm SCHEMA "Shared Extensions"')
    migrate(service, url_variable=VARIABLE, url=url)
    indexes = await query(url, "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_songs_title_trigrams'")
    assert '"Shared Extensions".gin_trgm_ops' in indexes[0]["indexdef"]


def test_the_models_are_what_the_migrations_make(databases: DatabaseFactory, service: Path) -> None:
    url = databases.create(service, url_variable=VARIABLE)
    check_models(service, url_variable=VARIABLE, url=url)
