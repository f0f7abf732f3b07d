"""The database of one installation: one role per service, which owns its own schema and sees no other."""

from collections.abc import Mapping

import asyncpg

DATABASE = "euterpe"

#: What only the superuser may make: pg_trgm, for searching titles.
_EXTENSIONS = ("pg_trgm",)


def role_of(service: str) -> str:
    """The role of a service."""
    return f"euterpe_{service}"


async def prepare_database(port: int, superuser: str, password: str, services: Mapping[str, str]) -> None:
    """Makes the database, and for every service (name → password) a role and its schema, unless they exist."""
    server = await asyncpg.connect(host="127.0.0.1", port=port, user=superuser, password=password, database="postgres")
    try:
        if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await server.execute(f'CREATE DATABASE "{DATABASE}"')
        # Every new database lets everyone in; these two are nobody's business but the superuser's.
        await server.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    finally:
        await server.close()
    database = await asyncpg.connect(host="127.0.0.1", port=port, user=superuser, password=password, database=DATABASE)
    try:
        async with database.transaction():
            await _prepare_inside(database, services)
    finally:
        await database.close()


async def _prepare_inside(database: asyncpg.Connection, services: Mapping[str, str]) -> None:
    await database.execute(f'REVOKE ALL ON DATABASE "{DATABASE}" FROM PUBLIC')
    for extension in _EXTENSIONS:
        await database.execute(f'CREATE EXTENSION IF NOT EXISTS "{extension}"')
    for service, password in services.items():
        role = role_of(service)
        exists = await database.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
        # Utility statements take no parameters; PostgreSQL itself quotes the values.
        statement = await database.fetchval(
            "SELECT format($1 || ' ROLE %I LOGIN PASSWORD %L', $2::text, $3::text)",
            "ALTER" if exists else "CREATE",
            role,
            password,
        )
        await database.execute(statement)
        await database.execute(f'GRANT CONNECT ON DATABASE "{DATABASE}" TO "{role}"')
        await database.execute(f'CREATE SCHEMA IF NOT EXISTS "{service}" AUTHORIZATION "{role}"')


async def current_revision(url: str, schema: str) -> str | None:
    """The migration at which a service's schema stands; None when there is none."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        if not await connection.fetchval("SELECT to_regclass($1)", f'"{schema}".alembic_version'):
            return None
        revision = await connection.fetchval(f'SELECT version_num FROM "{schema}".alembic_version')  # noqa: S608 - a name of ours
        return None if revision is None else str(revision)
    finally:
        await connection.close()
