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
    """Creates databases on one server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._templates: dict[Path, str] = {}

    def create(self, service_directory: Path, *, url_variable: str) -> str:
        """Create a database with the service's migrations applied; return its SQLAlchemy URL."""
        template = self._templates.get(service_directory)
        if template is None:
            template = self._new_database()
            migrate(service_directory, url_variable=url_variable, url=self._server.url(template))
            self._templates[service_directory] = template
        return self._server.url(self._new_database(template))

    def create_empty(self) -> str:
        """Create a database without a schema, for tests of the migrations; return its SQLAlchemy URL."""
        return self._server.url(self._new_database())

    def _new_database(self, template: str = "template1") -> str:
        name = f"test_{uuid.uuid4().hex}"

        async def create() -> None:
            connection = await asyncpg.connect(self._server.url().replace("+asyncpg", ""))
            # Copies files; the default strategy writes all pages to the write-ahead log, in twice the processor time.
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
            await connection.close()

        # Sync fixtures run in the thread of the test session's event loop; a new thread has no loop.
        _run_in_thread(create())
        return name


def migrate(service_directory: Path, *, url_variable: str, url: str, revision: str = "head") -> None:
    """Run a service's Alembic migrations up to a revision."""
    _alembic(service_directory, url_variable, url, "upgrade", revision)


def downgrade(service_directory: Path, *, url_variable: str, url: str, revision: str) -> None:
    """Run a service's Alembic migrations down to a revision, or to `base`."""
    _alembic(service_directory, url_variable, url, "downgrade", revision)


def check_models(service_directory: Path, *, url_variable: str, url: str) -> None:
    """Raise RuntimeError if the service's ORM models differ from the migrated tables."""
    _alembic(service_directory, url_variable, url, "check")


def _alembic(service_directory: Path, url_variable: str, url: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "alembic", "-c", str(service_directory / "alembic.ini"), *arguments]
    done = subprocess.run(command, env=os.environ | {url_variable: url}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"alembic {arguments[0]} failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")


def _run_in_thread(coroutine: Coroutine[Any, Any, None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()
