from pathlib import Path

import asyncpg
from euterpe_test_kit.databases import DatabaseFactory, check_models, downgrade, migrate

SERVICE = Path(__file__).parents[1]
VARIABLE = "EUTERPE_GENERATOR_DATABASE_URL"
EXPIRY_INDEXES = ("ix_generations_network", "ix_generations_midi_key", "ix_generations_anonymous")


def test_the_schema_goes_up_down_and_up_again(databases: DatabaseFactory) -> None:
    url = databases.create_empty()
    migrate(SERVICE, url_variable=VARIABLE, url=url)
    downgrade(SERVICE, url_variable=VARIABLE, url=url, revision="base")
    migrate(SERVICE, url_variable=VARIABLE, url=url)


def test_the_models_are_what_the_migrations_make(databases: DatabaseFactory) -> None:
    url = databases.create(SERVICE, url_variable=VARIABLE)
    check_models(SERVICE, url_variable=VARIABLE, url=url)


async def test_expiry_is_migrated_without_a_long_lock_and_resumes(databases: DatabaseFactory) -> None:
    url = databases.create_empty()
    migrate(SERVICE, url_variable=VARIABLE, url=url, revision="0007")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), server_settings={"search_path": "generator"})
    await connection.execute(
        """INSERT INTO generations (order_id, variation, seed, title, listener_key, owner_name, model, model_version,
             length, turn, id, status, finished_at)
           SELECT gen_random_uuid(), 0, 7, 'Air', 'network:192.0.2.0/24', 'A', 'm', '1', 1, 0, gen_random_uuid(),
             CASE WHEN number = 1 THEN 'queued' ELSE 'succeeded' END, CASE WHEN number > 1 THEN now() END
           FROM generate_series(1, 2500) AS number"""
    )
    migrate(SERVICE, url_variable=VARIABLE, url=url, revision="0008")
    count = "SELECT listener_key, user_class, count(*) FROM generations GROUP BY 1, 2 ORDER BY 3"
    expected = [("network:192.0.2.0/24", "anonymous", 1), ("anonymous", "registered", 2499)]
    assert [tuple(row) for row in await connection.fetch(count)] == expected
    # The columns, each batch of rows and each index have a transaction of their own.
    columns = await connection.fetch(
        "SELECT xmin FROM pg_attribute"
        " WHERE attrelid = 'generations'::regclass AND attname IN ('user_class', 'network')"
    )
    batches = await connection.fetch("SELECT DISTINCT xmin FROM generations WHERE listener_key = 'anonymous'")
    indexes = await connection.fetch(f"SELECT oid, xmin FROM pg_class WHERE relname IN {EXPIRY_INDEXES}")
    transactions = [{row["xmin"] for row in rows} for rows in (columns, batches, indexes)]
    assert [len(each) for each in transactions] == [1, 3, 3]
    assert len(set.union(*transactions)) == 7
    # As after an interruption: the revision is not recorded, and an index is not valid.
    await connection.execute("UPDATE alembic_version SET version_num = '0007'")
    await connection.execute(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = {indexes[0]['oid']}")
    migrate(SERVICE, url_variable=VARIABLE, url=url)
    assert await connection.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    downgrade(SERVICE, url_variable=VARIABLE, url=url, revision="0007")
    assert await connection.fetch(f"SELECT oid FROM pg_class WHERE relname IN {EXPIRY_INDEXES}") == []
    await connection.close()


async def test_labels_of_earlier_comparisons_are_recovered_from_titles(databases: DatabaseFactory) -> None:
    url = databases.create_empty()
    migrate(SERVICE, url_variable=VARIABLE, url=url, revision="0004")
    pieces = [
        # order, variation, seed, title, expected label
        ("00000000-0000-0000-0000-000000000001", 0, 7, "Dawn (live) (greedy)", "greedy"),
        ("00000000-0000-0000-0000-000000000001", 1, 7, "Dawn (live) (top k)", "top k"),
        ("00000000-0000-0000-0000-000000000001", 2, 7, "Dawn (live) (t (0.65))", None),
        ("00000000-0000-0000-0000-000000000002", 0, 7, "Sketch (1)", None),
        ("00000000-0000-0000-0000-000000000002", 1, 8, "Sketch (2)", None),
        ("00000000-0000-0000-0000-000000000003", 0, 7, "Alone (1)", None),
    ]
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.executemany(
        """INSERT INTO generator.generations (id, order_id, variation, seed, title, listener_key, owner_name, model,
             model_version, length, turn) VALUES (gen_random_uuid(), $1, $2, $3, $4, 'user:a', 'A', 'm', '1', 1, 0)""",
        [piece[:4] for piece in pieces],
    )
    migrate(SERVICE, url_variable=VARIABLE, url=url)
    rows = await connection.fetch("SELECT title, label FROM generator.generations")
    assert {row["title"]: row["label"] for row in rows} == {title: label for *_, title, label in pieces}
    downgrade(SERVICE, url_variable=VARIABLE, url=url, revision="0004")
    columns = await connection.fetch("SELECT * FROM generator.generations LIMIT 1")
    assert "label" not in columns[0]
    await connection.close()
