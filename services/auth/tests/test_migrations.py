"""Migrations: up, down, and compared with the models."""

from pathlib import Path

from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.passwords import Passwords
from euterpe_service_kit.database import Database
from euterpe_test_kit.databases import DatabaseFactory, check_models, downgrade, migrate
from prometheus_client import CollectorRegistry
from sqlalchemy import text

SERVICE = Path(__file__).resolve().parents[1]
VARIABLE = "EUTERPE_AUTH_DATABASE_URL"


async def _tables(database: Database) -> set[str]:
    async with database.engine.connect() as connection:
        found = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'auth'"))
        return set(found)


async def test_upgrade_downgrade_and_upgrade(databases: DatabaseFactory) -> None:
    url = databases.create_empty()
    database = Database(url, schema="auth")
    all_tables = {
        "users", "sessions", "refresh_tokens", "signing_keys", "api_keys", "attempts", "security_events", "peer_tasks",
        "revocations", "account_tokens", "mails",
        "recovery_codes", "totp_secrets", "passkeys", "passkey_challenges",
        "provider_links", "provider_requests", "alembic_version",
    }  # fmt: skip
    migrate(SERVICE, url_variable=VARIABLE, url=url)
    assert await _tables(database) == all_tables
    downgrade(SERVICE, url_variable=VARIABLE, url=url, revision="base")
    assert await _tables(database) == {"alembic_version"}
    migrate(SERVICE, url_variable=VARIABLE, url=url)
    assert await _tables(database) == all_tables
    await database.close()


def test_models_match_migrations(databases: DatabaseFactory) -> None:
    url = databases.create(SERVICE, url_variable=VARIABLE)
    check_models(SERVICE, url_variable=VARIABLE, url=url)


async def test_existing_accounts_are_kept_up_and_down(databases: DatabaseFactory) -> None:
    url = databases.create_empty()
    database = Database(url, schema="auth")
    migrate(SERVICE, url_variable=VARIABLE, url=url, revision="0005")
    async with database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO auth.users VALUES (gen_random_uuid(), 'Clara', '$argon2id$x', now(), NULL)")
        )
        await connection.execute(text("INSERT INTO auth.users VALUES (gen_random_uuid(), NULL, NULL, now(), NULL)"))
    migrate(SERVICE, url_variable=VARIABLE, url=url)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE auth.users SET email = 'clara@example.com' WHERE username = 'Clara'"))
        # An account of a provider, which has no password.
        await connection.execute(
            text("INSERT INTO auth.users (id, username, created_at) VALUES (gen_random_uuid(), 'Robert', now())")
        )
    downgrade(SERVICE, url_variable=VARIABLE, url=url, revision="0005")
    async with database.engine.connect() as connection:
        found = await connection.execute(text("SELECT username, password_hash FROM auth.users ORDER BY username"))
        clara, robert, guest = (tuple(row) for row in found)
        assert (clara, guest) == (("Clara", "$argon2id$x"), (None, None))
        # The hash of an unknown password, which the earlier version can verify.
        assert not await Passwords(AuthMetrics(CollectorRegistry()), running=1, waiting=0).verify(robert[1], "anything")
    await database.close()
