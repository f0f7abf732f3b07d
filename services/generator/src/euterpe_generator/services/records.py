"""Records finished pieces, many in one transaction.

Who comes while a transaction is under way waits for the next one, so that a busy worker pays for one commit where it
would pay for dozens, and an idle one waits for nobody.
"""

import asyncio

from euterpe_service_kit.database import Database

from euterpe_generator.domain.generation import Generation, Result
from euterpe_generator.storage.generations import Generations

_MOST = 100


class Records:
    """Group commit of results."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Result, asyncio.Future[Generation | None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def put(self, result: Result) -> Generation | None:
        """The recorded generation; None when another attempt has taken over. Raises what the database raises."""
        recorded: asyncio.Future[Generation | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((result, recorded))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="records")
        return await recorded

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._commit(batch)
        finally:
            self._writer = None

    async def _commit(self, batch: list[tuple[Result, "asyncio.Future[Generation | None]"]]) -> None:
        try:
            async with self._database.sessions.begin() as session:
                done = await Generations(session).finish([result for result, _ in batch])
        except Exception as error:  # noqa: BLE001 - every waiter is told, and decides
            for _, recorded in batch:
                if not recorded.done():
                    recorded.set_exception(error)
            return
        for result, recorded in batch:
            if not recorded.done():
                recorded.set_result(done.get(result.id))
