"""What goes for good: songs after their 30 days, all of a listener's at once, and objects without a song."""

import asyncio

import structlog
from euterpe_service_kit.database import Database, is_unavailable
from euterpe_service_kit.errors import ServiceError
from euterpe_service_kit.object_store import ObjectStore

from euterpe_library.storage.purge import Garbage, Remains

log = structlog.get_logger(__name__)

#: Songs and objects of one step, so that no transaction and no call lasts long.
_BATCH = 200


class Erasure:
    """Removes, in small transactions that any number of processes may run at once."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def run(self, every_seconds: float) -> None:
        """Sweeps for ever; what fails is tried again at the next turn."""
        while True:
            try:
                while await self.sweep():
                    pass
            except Exception as error:
                if not isinstance(error, ServiceError) and not is_unavailable(error):
                    log.error("sweep_failed", exc_info=error)
                log.warning("sweep_postponed", error=repr(error))
            await asyncio.sleep(every_seconds)

    async def sweep(self) -> bool:
        """Purges some expired songs and collects some objects; whether there may be more to do."""
        async with self._database.sessions.begin() as session:
            purged = await Remains(session).purge_expired(_BATCH)
        return max(purged, await self._collect()) >= _BATCH

    async def delete_listener(self, listener_id: str) -> tuple[int, bool]:
        """Removes what a listener owns or wrote, up to a limit: how many songs, and whether that was all.

        Raises Unavailable when an object cannot be removed now; all is as if it had not been tried.
        """
        async with self._database.sessions.begin() as session:
            remains = Remains(session)
            await remains.begin_deletion(listener_id)
            await remains.delete_writings(listener_id)
            removed = await remains.purge_owned(listener_id, _BATCH)
        await self._collect(listener_id)
        async with self._database.sessions() as session:
            done = not await Remains(session).has_remains(listener_id)
        log.info("listener_deleted", listener_id=listener_id, songs=removed, done=done)
        return removed, done

    async def _collect(self, listener_id: str | None = None) -> int:
        async with self._database.sessions() as session:
            keys = await Garbage(session).waiting(_BATCH, listener_id)
        for key in keys:
            async with self._database.sessions.begin() as session, Garbage(session).collecting(key) as unused:
                if unused:
                    await self._store.delete(key)
        return len(keys)
