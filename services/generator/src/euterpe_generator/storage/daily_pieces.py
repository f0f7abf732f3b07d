"""Pieces that accounts, and anonymous users of a network, requested on a day."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.generation import Owner
from euterpe_generator.storage.models import NetworkPiecesRow, UserPiecesRow

_TABLES: Final = (UserPiecesRow, NetworkPiecesRow)


class DailyPiecesRepository:
    """Counts of pieces by owner, within one transaction. Owners without an account are counted by network."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def counts(self, owners: Collection[Owner], day: date) -> Counter[str]:
        """Return the pieces of a day by the owner's key."""
        found: Counter[str] = Counter()
        for row in _TABLES:
            keys = {_subject(owner): owner.key for owner in owners if _table(owner) is row}
            if keys:
                statement = select(row.subject, row.pieces).where(row.subject.in_(keys), row.day == day)
                found.update({keys[each.subject]: each.pieces for each in await self._session.execute(statement)})
        return found

    async def add(self, counts: Mapping[Owner, int], day: date) -> None:
        """Count pieces."""
        for row in _TABLES:
            pieces: Counter[str] = Counter()
            for owner, count in counts.items():
                if _table(owner) is row:
                    pieces[_subject(owner)] += count
            if pieces:
                # Sorted, so that concurrent transactions do not deadlock.
                values = [{"subject": one, "day": day, "pieces": count} for one, count in sorted(pieces.items())]
                statement = insert(row).values(values)
                added = {"pieces": row.pieces + statement.excluded.pieces}
                await self._session.execute(
                    statement.on_conflict_do_update(index_elements=[row.subject, row.day], set_=added)
                )

    async def delete_before(self, today: date) -> None:
        """Delete the counts of earlier days, so that nothing is kept for longer than it is needed."""
        for row in _TABLES:
            await self._session.execute(delete(row).where(row.day < today - timedelta(days=1)))


def _table(owner: Owner) -> type[UserPiecesRow] | type[NetworkPiecesRow]:
    return NetworkPiecesRow if owner.id is None else UserPiecesRow


def _subject(owner: Owner) -> str:
    return owner.network if owner.id is None else owner.id
