"""The database of one installation: one role per service, which owns its schema and can access no other."""

from collections.abc import Mapping

import asyncpg

DATABASE = "euterpe"

#: Only the superuser can create extensions. pg_trgm is for searching titles.
_EXTENSIONS = ("pg_trgm",)


def role_of(service: str) -> str:
    """Return the name of the service's role."""
    return f"euterpe_{service}"


async def prepare_database(port: int, superuser: str, password: str, services: Mapping[str, str]) -> None:
    """Create the database, and for every service (name → password) a role and its schema, unless they exist."""
    server = await asyncpg.connect(host="127.0.0.1", port=port, user=superuser, password=password, database="postgres")
    try:
        if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await server.execute(f'CREATE DATABASE "{DATABASE}"')
        # New databases accept every role; only the superuser needs these two.
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
        # Utility statements take no parameters, so PostgreSQL quotes the values first.
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
    """Return the current migration of a service's schema; None if it has none."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        if not await connection.fetchval("SELECT to_regclass($1)", f'"{schema}".alembic_version'):
            return None
        revision = await connection.fetchval(f'SELECT version_num FROM "{schema}".alembic_version')  # noqa: S608 - a constant name
        return None if revision is None else str(revision)
    finally:
        await connection.close()
