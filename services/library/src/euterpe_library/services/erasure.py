"""Permanent deletion: expired deleted songs, all data of a user, and MIDI files without a song with their audio."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.midi_artifacts import digest_of_midi_key, renditions_prefix
from euterpe_service_kit.object_store import ObjectStore

from euterpe_library.domain.profile import picture_prefix
from euterpe_library.storage.notifications import NotificationRepository
from euterpe_library.storage.orphaned_artifacts import OrphanedArtifactRepository
from euterpe_library.storage.purge import PurgeRepository
from euterpe_library.storage.quotas import QuotaRepository
from euterpe_library.storage.webhooks import DeliveryRepository

log = structlog.get_logger(__name__)

#: Songs and objects per step, which bounds the duration of transactions and calls.
_BATCH = 200


class Erasure:
    """Deletes in small transactions, which any number of processes may run concurrently."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def sweep_all(self) -> None:
        """Sweep until nothing is left to purge or remove."""
        while await self.sweep():
            pass

    async def sweep(self) -> bool:
        """Purge some expired songs and remove some objects; whether there may be more."""
        async with self._database.maintenance.begin() as session:
            await QuotaRepository(session).delete_imports_before(datetime.now(UTC).date())
            await NotificationRepository(session).delete_expired()
            await DeliveryRepository(session).delete_expired()
            purged = await PurgeRepository(session).purge_expired(_BATCH)
        return max(purged, await self._remove_orphans()) >= _BATCH

    async def delete_user(self, user_id: str) -> tuple[int, bool]:
        """Delete what a user owns or wrote, up to a limit; return the number of songs, and whether that was all.

        Raises Unavailable when an object cannot be removed; calling again resumes the deletion.
        """
        async with self._database.maintenance.begin() as session:
            purge = PurgeRepository(session)
            await purge.begin_deletion(user_id)
            await purge.delete_activity(user_id)
            removed = await purge.purge_owned(user_id, _BATCH)
        await self._remove_orphans(user_id)
        for picture in await self._store.list(picture_prefix(user_id)):
            await self._store.delete(picture)
        async with self._database.maintenance() as session:
            done = not await PurgeRepository(session).has_data(user_id)
        log.info("user_deleted", user_id=user_id, songs=removed, done=done)
        return removed, done

    async def remove_unused(self, keys: Sequence[str], modified_before: datetime | None = None) -> list[str]:
        """Remove the objects that no song has; return their keys. Raises Unavailable.

        Objects stored at `modified_before` or later are kept: the peer may use them by now.
        """
        if not keys:
            return []
        async with self._database.maintenance() as session:
            unused = await OrphanedArtifactRepository(session).without_song(keys)
        return [key for key in unused if await self._remove_if_older(key, modified_before)]

    async def _remove_if_older(self, key: str, modified_before: datetime | None) -> bool:
        # The object is recorded in the transaction that removes it: a removal that fails is left to the peer, which
        # checks again whether it uses the object.
        async with self._database.maintenance.begin() as session:
            orphaned = OrphanedArtifactRepository(session)
            await orphaned.lock(key)
            stored = await self._store.head(key) if modified_before is not None else None
            if stored is not None and modified_before is not None and stored.modified >= modified_before:
                return False
            await orphaned.add_unused(key)
            async with orphaned.removal(key) as is_unused:
                if is_unused:
                    await self._delete_files(key)
            return is_unused

    async def _remove_orphans(self, user_id: str | None = None) -> int:
        async with self._database.maintenance() as session:
            keys = await OrphanedArtifactRepository(session).pending(_BATCH, user_id)
        for key in keys:
            await self._remove(key)
        return len(keys)

    async def _remove(self, key: str) -> bool:
        async with (
            self._database.maintenance.begin() as session,
            OrphanedArtifactRepository(session).removal(key) as is_unused,
        ):
            if is_unused:
                await self._delete_files(key)
        return is_unused

    async def _delete_files(self, key: str) -> None:
        """Delete a MIDI file, and before it the audio that the converter has made of it."""
        for rendition in await self._store.list(renditions_prefix(digest_of_midi_key(key))):
            await self._store.delete(rendition)
        await self._store.delete(key)
