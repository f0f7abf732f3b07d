from pathlib import Path

from euterpe_test_kit.databases import DatabaseFactory, check_models, migrate

SERVICE = Path(__file__).parents[1]
VARIABLE = "EUTERPE_GENERATOR_DATABASE_URL"


def test_the_schema_goes_up_down_and_up_again(databases: DatabaseFactory) -> None:
    url = databases.create_empty()
    for revision in ("head", "base", "head"):
        migrate(SERVICE, url_variable=VARIABLE, url=url, revision=revision)


def test_the_models_are_what_the_migrations_make(databases: DatabaseFactory) -> None:
    url = databases.create(SERVICE, url_variable=VARIABLE)
    check_models(SERVICE, url_variable=VARIABLE, url=url)
