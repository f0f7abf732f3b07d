from pathlib import Path

import asyncpg
from euterpe_test_kit.databases import DatabaseFactory, check_models, downgrade, migrate

SERVICE = Path(__file__).parents[1]
VARIABLE = "EUTERPE_GENERATOR_DATABASE_URL"


def test_the_schema_goes_up_down_and_up_again(databases: DatabaseFactory) -> None:
    url = databases.create_empty()
    migrate(SERVICE, url_variable=VARIABLE, url=url)
    downgrade(SERVICE, url_variable=VARIABLE, url=url, revision="base")
    migrate(SERVICE, url_variable=VARIABLE, url=url)


def test_the_models_are_what_the_migrations_make(databases: DatabaseFactory) -> None:
    url = databases.create(SERVICE, url_variable=VARIABLE)
    check_models(SERVICE, url_variable=VARIABLE, url=url)


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
