"""Pieces that anonymous users of a network requested on a day."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.storage.models import NetworkPiecesRow


class NetworkPiecesRepository:
    """Counts of pieces, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def counts(self, networks: Collection[str], day: date) -> dict[str, int]:
        """Return the pieces of a day by network."""
        row = NetworkPiecesRow
        statement = select(row.network, row.pieces).where(row.network.in_(networks), row.day == day)
        found: dict[str, int] = dict((await self._session.execute(statement)).all())
        return found

    async def add(self, counts: Mapping[str, int], day: date) -> None:
        """Count pieces by network."""
        row = NetworkPiecesRow
        # Sorted, so that concurrent transactions do not deadlock.
        values = [{"network": network, "day": day, "pieces": count} for network, count in sorted(counts.items())]
        statement = insert(row).values(values)
        added = {"pieces": row.pieces + statement.excluded.pieces}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["network", "day"], set_=added))

    async def delete_before(self, today: date) -> None:
        """Delete the counts of earlier days, so that no network is kept for longer than it is needed."""
        await self._session.execute(delete(NetworkPiecesRow).where(NetworkPiecesRow.day < today - timedelta(days=1)))
