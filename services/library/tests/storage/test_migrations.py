"""Migrations: up, down, of existing data, and compared with the models."""

from pathlib import Path

import asyncpg
import pytest
from euterpe_library.storage import (  # noqa: F401 - add their tables to the metadata
    community_models,
    social_models,
    version_models,
    webhook_models,
)
from euterpe_library.storage.models import Base
from euterpe_test_kit.databases import DatabaseFactory, check_models, downgrade, migrate

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


async def test_upgrade_downgrade_and_upgrade(databases: DatabaseFactory, service: Path) -> None:
    url = databases.create_empty()
    all_tables = {table.name for table in Base.metadata.sorted_tables}
    assert {"songs", "shares", "artifact_garbage"} <= all_tables
    migrate(service, url_variable=VARIABLE, url=url)
    assert await tables(url) == all_tables
    downgrade(service, url_variable=VARIABLE, url=url, revision="base")
    assert await tables(url) == set()
    migrate(service, url_variable=VARIABLE, url=url)
    assert await tables(url) == all_tables


async def test_songs_from_before_the_search_migration_are_found(databases: DatabaseFactory, service: Path) -> None:
    url = databases.create_empty()
    migrate(service, url_variable=VARIABLE, url=url, revision="0001")
    await query(
        url,
        "INSERT INTO library.songs (source_id, owner_id, author, title, title_folded, midi_key, midi_sha256,"
        " midi_size_bytes, model, model_version, seed, parameters, duration_seconds, note_count, measures)"
        " VALUES ('g', 'clara', 'Clara', 'Für Elise', 'fur elise', 'k', 's', 1, 'M', '1', 42, '{}', 1, 1, '{}')",
    )
    migrate(service, url_variable=VARIABLE, url=url)
    downgrade(service, url_variable=VARIABLE, url=url, revision="0001")
    migrate(service, url_variable=VARIABLE, url=url)
    sought = "'w:fur' & 'w:el':* & 'm:m' & 'v:m@1' & 'n:42' & 'o:clara'"
    rows = await query(url, f"SELECT search_text FROM library.songs WHERE document @@ $${sought}$$::tsquery")
    assert [row["search_text"] for row in rows] == ["fur elise"]


async def test_a_downgrade_leaves_uploaded_files_to_the_sweep(databases: DatabaseFactory, service: Path) -> None:
    url = databases.create_empty()
    migrate(service, url_variable=VARIABLE, url=url)
    await query(
        url,
        "INSERT INTO library.songs (source_id, owner_id, author, title, title_folded, midi_key, midi_sha256,"
        " midi_size_bytes, original_key, original_size_bytes, parameters, duration_seconds, note_count, measures)"
        " VALUES ('import:1', 'clara', 'Clara', 'Air', 'air', 'written', 's', 1, 'uploaded', 1, '{}', 1, 1, '{}')",
    )
    downgrade(service, url_variable=VARIABLE, url=url, revision="0004")
    rows = await query(url, "SELECT midi_key, listener_id FROM library.artifact_garbage")
    assert [tuple(row) for row in rows] == [("uploaded", "clara")]
    migrate(service, url_variable=VARIABLE, url=url)
    assert [row["midi_key"] for row in await query(url, "SELECT midi_key FROM library.songs")] == ["written"]


async def test_an_interrupted_build_of_the_index_of_usage_is_repeated(
    databases: DatabaseFactory, service: Path
) -> None:
    url = databases.create_empty()
    migrate(service, url_variable=VARIABLE, url=url, revision="0006")
    await query(url, "UPDATE library.alembic_version SET version_num = '0005'")
    index = "indexrelid = 'library.ix_songs_owner_usage'::regclass"
    await query(url, f"UPDATE pg_index SET indisvalid = false WHERE {index}")
    migrate(service, url_variable=VARIABLE, url=url)
    assert [row["indisvalid"] for row in await query(url, f"SELECT indisvalid FROM pg_index WHERE {index}")] == [True]


async def test_an_extension_in_another_schema_is_used(databases: DatabaseFactory, service: Path) -> None:
    url = databases.create_empty()
    await query(url, 'CREATE SCHEMA "Shared Extensions"')
    await query(url, 'CREATE EXTENSION pg_trgm SCHEMA "Shared Extensions"')
    migrate(service, url_variable=VARIABLE, url=url)
    indexes = await query(url, "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_songs_search'")
    assert '"Shared Extensions".gin_trgm_ops' in indexes[0]["indexdef"]


def test_models_match_migrations(databases: DatabaseFactory, service: Path) -> None:
    url = databases.create(service, url_variable=VARIABLE)
    check_models(service, url_variable=VARIABLE, url=url)
