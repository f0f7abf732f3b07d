"""PostgreSQL through SQLAlchemy and asyncpg.

Transaction policy of all services:

- Statements are written in `storage/` only, in classes named `XRepository`. A repository is created with a session, and
  neither begins nor commits a transaction.
- A route that only needs the database takes `SessionDep`: one transaction per request, committed before the response is
  sent. A route that only reads takes `ReadSessionDep`, which cannot write.
- A use case that also waits for something slow (a password hash, the object store, a peer) receives the `Database` and
  opens its own short transactions around the wait, never across it.
- A gRPC method opens one transaction per call and responds after the commit.
- A streamed response and a background loop hold no session while they send or sleep.
"""

import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Final

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import event, exc, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from euterpe_service_kit.tracing import trace_statements

#: SQLSTATE classes and codes of a server that is away, starting, stopping or full, of a lost race for a lock, and of
#: a transaction that another one crossed: trying again may work.
_PASSING_SQLSTATES = ("08", "57P", "53", "55P03", "40001", "40P01")


#: Deadlines: waiting for a connection and a statement together take at most five seconds, so that a request to a server
#: that accepts connections and does not answer ends with 503 by then.
POOL_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 2.0
STATEMENT_SECONDS: Final = 3.0
#: The server closes connections that were not used for this long, so that a pool shrinks after a burst: each connection
#: keeps 3 to 7 MB of plans and catalogue entries in the server. The pools reuse the latest connection first.
IDLE_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a statement, of the pause between two statements of a transaction, and of a transaction, in seconds.

    The server ends a transaction that is idle or lasts for longer: its snapshot keeps dead rows from being removed, and
    its locks keep others waiting. A use case that waits for something slow opens no transaction across the wait.
    """

    statement: float
    idle: int
    transaction: int


LIMITS: Final = Limits(STATEMENT_SECONDS, 10, 30)
#: For sweeps that read or delete many rows, and hold a lock while objects are deleted.
MAINTENANCE_LIMITS: Final = Limits(60.0, 60, 120)
#: The first version of PostgreSQL with transaction_timeout.
_TRANSACTION_TIMEOUT_VERSION: Final = 17


class ReadOnlyDatabase(ConnectionError):
    """The server is a standby, or was set to read-only, for example because its disk is full."""


class Database:
    """A service's database. `schema` is the search path, so that statements name no schema.

    `sessions` creates transactions. `readers` creates read-only sessions in autocommit mode: a read is one round trip
    instead of three. `maintenance` creates transactions with longer limits, for background sweeps. Both use pools of
    their own, which are empty until their first use.

    A connection that the server has closed is detected before its use. `pre_ping` also detects connections that the
    network dropped silently, at the cost of a round trip; without it, the first statement on such a connection fails
    and is answered as unavailable. `options` are further PostgreSQL settings for the service's connections.
    `query_cache_size` is the number of compiled statements that SQLAlchemy caches; a smaller cache shortens garbage
    collections in services with many kinds of statements.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str,
        pool_size: int = 10,
        pre_ping: bool = True,
        options: Mapping[str, str] = MappingProxyType({}),
        query_cache_size: int = 500,
    ) -> None:
        settings = {**options, "search_path": schema, "application_name": f"euterpe-{schema}"}
        common = {"pool_size": pool_size, "pool_pre_ping": pre_ping, "query_cache_size": query_cache_size}
        self.engine = _engine(url, settings, LIMITS, **common)
        # Objects stay readable after the commit: responses are built from them.
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        reading = settings | {"default_transaction_read_only": "on"}
        self._read_engine = _engine(url, reading, LIMITS, isolation_level="AUTOCOMMIT", **common)
        self.readers = async_sessionmaker(self._read_engine, expire_on_commit=False)
        upkeep = settings | {"application_name": f"euterpe-{schema}-maintenance"}
        self._maintenance_engine = _engine(url, upkeep, MAINTENANCE_LIMITS, **common | {"pool_size": 2})
        self.maintenance = async_sessionmaker(self._maintenance_engine, expire_on_commit=False)

    async def ping(self) -> None:
        """Raise if the database does not answer or cannot be written.

        The write is a message in the write-ahead log, which every role may emit and which leaves nothing to clean up.
        """
        async with self.engine.begin() as connection:
            if await connection.scalar(text("SHOW transaction_read_only")) == "on":
                raise ReadOnlyDatabase("the database accepts no writes")
            await connection.execute(text("SELECT pg_logical_emit_message(true, 'euterpe', 'readiness')"))

    async def close(self) -> None:
        """Close the pools."""
        await self.engine.dispose()
        await self._read_engine.dispose()
        await self._maintenance_engine.dispose()


def _engine(
    url: str,
    settings: Mapping[str, str],
    limits: Limits,
    **options: Any,
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_use_lifo=True,
        # Errors are logged, and statements may contain password hashes.
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": limits.statement,
            "server_settings": {
                **settings,
                "idle_in_transaction_session_timeout": f"{limits.idle}s",
                "idle_session_timeout": f"{IDLE_SECONDS}s",
            },
        },
        **options,
    )
    event.listen(engine.sync_engine, "connect", partial(_limit_transactions, limits.transaction))
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _abandon_after_timeout)
    trace_statements(engine.sync_engine)
    return engine


def _limit_transactions(seconds: int, connection: Any, *_: object) -> None:
    # Sent after connecting, because an older server refuses a connection with an unknown setting.
    if connection.driver_connection.get_server_version().major >= _TRANSACTION_TIMEOUT_VERSION:
        statement = f"SET SESSION transaction_timeout = '{seconds}s'"
        connection.run_async(lambda driver: driver.execute(statement))


def _refuse_closed(connection: Any, *_: object) -> None:
    # The event loop has seen the end of the stream; the pool answers this with a new connection.
    if connection.driver_connection.is_closed():
        raise exc.DisconnectionError


def _abandon_after_timeout(context: Any) -> None:
    """End a connection whose statement has timed out. A rollback on it would wait for the same server again."""
    if isinstance(context.original_exception, TimeoutError) and context.connection is not None:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        if not context.connection.invalidated:
            context.connection.connection.driver_connection.terminate()


def is_unavailable(error: BaseException) -> bool:
    """Return whether an error means that the database is unavailable, and not that a statement is wrong.

    Errors while connecting come unwrapped from asyncpg and the system; later ones come wrapped by SQLAlchemy.
    """
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror | exc.TimeoutError):
        return True
    if type(error) is OSError:
        # No route to the host, or several addresses that all refuse: these have no class of their own.
        return True
    if isinstance(error, exc.InterfaceError):
        # asyncpg's own errors of use, e.g. a number out of range, are interface errors too, and they are ValueErrors.
        return not isinstance(error.driver_exception, ValueError)
    if isinstance(error, exc.OperationalError):
        return True
    if isinstance(error, exc.DBAPIError):
        code = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or code.startswith(_PASSING_SQLSTATES)
    return isinstance(error, asyncpg.PostgresError) and (error.sqlstate or "").startswith(_PASSING_SQLSTATES)


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Open one transaction per request: committed when the handler returns, rolled back when it raises."""
    database: Database = request.app.state.database
    async with database.sessions.begin() as session:
        yield session


#: Function scope: the commit happens before the response is sent, so that a failed commit never results in a success.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def get_read_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Open a read-only session without a transaction."""
    database: Database = request.app.state.database
    async with database.readers() as session:
        yield session


ReadSessionDep = Annotated[AsyncSession, Depends(get_read_session, scope="function")]
