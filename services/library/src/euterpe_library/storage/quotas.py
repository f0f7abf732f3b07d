"""What users store, and what networks imported today."""

from datetime import date, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.quota import Storage
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import NetworkImportRow, UserQuotaRow
from euterpe_library.storage.version_models import VersionRow


class QuotaRepository:
    """Usage of quotas, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, user_id: str) -> None:
        """Let concurrent imports of one user check their quota one after the other."""
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"quota:{user_id}", 0))))

    async def usage(self, user_id: str) -> Storage:
        """Return what a user stores, earlier versions included. Songs in the trash count: they can be restored."""
        size = SongRow.midi_size_bytes + func.coalesce(SongRow.original_size_bytes, 0)
        statement = select(func.count(), func.coalesce(func.sum(size), 0)).where(SongRow.owner_id == user_id)
        songs, size_bytes = (await self._session.execute(statement)).one()
        of_user = (VersionRow.owner_id == user_id, ~VersionRow.is_current)
        earlier_bytes = await self._session.scalar(select(func.sum(VersionRow.midi_size_bytes)).where(*of_user))
        return Storage(int(songs), int(size_bytes) + int(earlier_bytes or 0))

    async def limit(self, user_id: str) -> Storage | None:
        """Return the quota that an operator set for a user; None if there is none."""
        row = await self._session.get(UserQuotaRow, user_id)
        return None if row is None else Storage(row.max_songs, row.max_size_bytes)

    async def set_limit(self, user_id: str, limit: Storage | None) -> None:
        """Set or, with None, remove the quota of a user."""
        if limit is None:
            await self._session.execute(delete(UserQuotaRow).where(UserQuotaRow.user_id == user_id))
            return
        values = {"max_songs": limit.songs, "max_size_bytes": limit.size_bytes, "changed_at": func.now()}
        statement = insert(UserQuotaRow).values(user_id=user_id, **values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))

    async def add_import(self, network: str, day: date, added: Storage, limit: Storage) -> bool:
        """Count an import of a network; return False, and count nothing, if the day's limit would be exceeded."""
        row = NetworkImportRow
        songs, size = row.songs + added.songs, row.size_bytes + added.size_bytes
        values = {"network": network, "day": day, "songs": added.songs, "size_bytes": added.size_bytes}
        statement = (
            insert(row)
            .values(values)
            .on_conflict_do_update(
                index_elements=["network", "day"],
                set_={"songs": songs, "size_bytes": size},
                where=(songs <= limit.songs) & (size <= limit.size_bytes),
            )
            .returning(row.network)
        )
        return (await self._session.execute(statement)).one_or_none() is not None

    async def delete_imports_before(self, today: date) -> None:
        """Delete the counts of earlier days, so that no address is kept for longer than it is needed."""
        await self._session.execute(delete(NetworkImportRow).where(NetworkImportRow.day < today - timedelta(days=1)))
