"""Objects that may have no song, until they are removed from the object store."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import OrphanedArtifactRow
from euterpe_library.storage.version_models import VersionRow

#: Time for a peer to register a song with an object that it has stored.
_GRACE_PERIOD = timedelta(minutes=10)


class OrphanedArtifactRepository:
    """Orphaned objects, within one transaction, which removes one object; it cannot be registered meanwhile."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, owners: Mapping[str, str]) -> None:
        """Record objects whose song is purged: key → former owner."""
        # Sorted, so that concurrent purges do not deadlock.
        values = [{"midi_key": key, "listener_id": owner} for key, owner in sorted(owners.items())]
        statement = insert(OrphanedArtifactRow).values(values)
        updated = {"collected_at": None, "since": func.now(), "listener_id": statement.excluded.listener_id}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["midi_key"], set_=updated))

    async def expect(self, midi_keys: Sequence[str], user_id: str) -> None:
        """Record objects before they are stored; they are removed unless a song is registered with them."""
        # Sorted, so that concurrent imports do not deadlock.
        values = [{"midi_key": key, "listener_id": user_id} for key in sorted(set(midi_keys))]
        statement = insert(OrphanedArtifactRow).values(values)
        updated = {"collected_at": None, "since": func.now()}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["midi_key"], set_=updated))

    async def forget(self, midi_key: str) -> None:
        """Remove the record of an object that a version has."""
        pending = (OrphanedArtifactRow.midi_key == midi_key) & OrphanedArtifactRow.collected_at.is_(None)
        await self._session.execute(delete(OrphanedArtifactRow).where(pending))

    async def without_song(self, midi_keys: Sequence[str]) -> list[str]:
        """Return the keys of those objects that no song has, in any version."""
        files = select(SongRow.midi_key).where(SongRow.midi_key.in_(midi_keys))
        uploads = select(SongRow.original_key).where(SongRow.original_key.in_(midi_keys))
        versions = select(VersionRow.midi_key).where(VersionRow.midi_key.in_(midi_keys))
        used = set(await self._session.scalars(files.union_all(uploads, versions)))
        return [key for key in midi_keys if key not in used]

    async def add_unused(self, midi_key: str) -> None:
        """Record an object that may have no song, and whose owner is not known."""
        statement = insert(OrphanedArtifactRow).values(midi_key=midi_key, listener_id="")
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["midi_key"], set_={"collected_at": None})
        )

    async def pending(self, limit: int, user_id: str | None = None) -> list[str]:
        """Return keys to remove, oldest first: those of a user, or all after the grace period."""
        condition: Any = OrphanedArtifactRow.collected_at.is_(None)
        if user_id is None:
            condition &= OrphanedArtifactRow.since < func.now() - _GRACE_PERIOD
        else:
            condition &= OrphanedArtifactRow.listener_id == user_id
        keys = await self._session.scalars(
            select(OrphanedArtifactRow.midi_key).where(condition).order_by(OrphanedArtifactRow.since).limit(limit)
        )
        return list(keys)

    @asynccontextmanager
    async def removal(self, midi_key: str) -> AsyncIterator[bool]:
        """Provide whether the object is unused. It counts as removed when the context ends without an error."""
        await self.lock(midi_key)
        song = exists().where((SongRow.midi_key == midi_key) | (SongRow.original_key == midi_key))
        version = exists().where(VersionRow.midi_key == midi_key)
        pending = exists().where(OrphanedArtifactRow.midi_key == midi_key, OrphanedArtifactRow.collected_at.is_(None))
        is_used, is_pending = (await self._session.execute(select(song | version, pending))).one()
        if is_used:
            await self._session.execute(delete(OrphanedArtifactRow).where(OrphanedArtifactRow.midi_key == midi_key))
        yield is_pending and not is_used
        if is_pending and not is_used:
            await self._session.execute(
                update(OrphanedArtifactRow)
                .where(OrphanedArtifactRow.midi_key == midi_key)
                .values(collected_at=func.now())
            )

    async def lock(self, midi_key: str) -> None:
        """Prevent registrations with the object until the transaction ends."""
        # Registrations take the same lock in shared mode; see storage.registration.
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(midi_key, 0))))
