"""Fresh, migrated databases for tests: each service's schema is migrated once and then copied per test."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
from euterpe_stack.postgres import Postgres


class DatabaseFactory:
    """Makes databases on one server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._templates: dict[Path, str] = {}

    def create(self, service_directory: Path, *, url_variable: str) -> str:
        """A new database in which the service's migrations have run; returns its SQLAlchemy URL."""
        template = self._templates.get(service_directory)
        if template is None:
            template = self._new_database()
            migrate(service_directory, url_variable=url_variable, url=self._server.url(template))
            self._templates[service_directory] = template
        return self._server.url(self._new_database(template))

    def create_empty(self) -> str:
        """A new database without any schema, for tests of the migrations themselves."""
        return self._server.url(self._new_database())

    def _new_database(self, template: str = "template1") -> str:
        name = f"test_{uuid.uuid4().hex}"

        async def create() -> None:
            connection = await asyncpg.connect(self._server.url().replace("+asyncpg", ""))
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            await connection.close()

        # Sync fixtures run inside the test session's event loop thread; a thread of its own has none.
        _run_elsewhere(create())
        return name


def migrate(service_directory: Path, *, url_variable: str, url: str, revision: str = "head") -> None:
    """Runs a service's Alembic migrations as its operators do: up to a revision, or down when it starts with `-`."""
    direction = "downgrade" if revision == "base" or revision.startswith("-") else "upgrade"
    _alembic(service_directory, url_variable, url, direction, revision)


def check_models(service_directory: Path, *, url_variable: str, url: str) -> None:
    """Raises when the service's ORM models differ from the tables that its migrations made."""
    _alembic(service_directory, url_variable, url, "check")


def _alembic(service_directory: Path, url_variable: str, url: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "alembic", "-c", str(service_directory / "alembic.ini"), *arguments]
    done = subprocess.run(command, env=os.environ | {url_variable: url}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"alembic {arguments[0]} failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")


def _run_elsewhere(coroutine: Coroutine[Any, Any, None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()
