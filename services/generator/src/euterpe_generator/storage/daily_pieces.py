"""Pieces that accounts, and anonymous users of a network, requested on a day, and limits of single accounts."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Executable, delete, func, null, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.generation import Owner
from euterpe_generator.storage.models import NetworkPiecesRow, UserPiecesRow, UserQuotaRow

_TABLES: Final = (UserPiecesRow, NetworkPiecesRow)


@dataclass(frozen=True, slots=True)
class DailyCount:
    """Pieces of a day, and the limit that an operator set for the account: None if there is none, 0 for no limit."""

    pieces: int = 0
    own_limit: int | None = None


class DailyPiecesRepository:
    """Counts of pieces, within one transaction. Owners without an account are counted by network."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def counts(self, owners: Collection[Owner], day: date) -> dict[str, DailyCount]:
        """Return the pieces of a day by the owner's key."""
        found = {owner.key: DailyCount() for owner in owners}
        for row in _TABLES:
            keys = {_subject(owner): owner.key for owner in owners if _table(owner) is row}
            if keys:
                statement = _counts_of_users(keys, day) if row is UserPiecesRow else _counts_of_networks(keys, day)
                rows = await self._session.execute(statement)
                found |= {keys[subject]: DailyCount(pieces, own_limit) for subject, pieces, own_limit in rows}
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

    async def set_limit(self, user_id: str, limit: int | None) -> None:
        """Set the limit of an account (0: no limit) or, with None, apply that of its class again."""
        if limit is None:
            await self._session.execute(delete(UserQuotaRow).where(UserQuotaRow.user_id == user_id))
            return
        values = {"max_pieces_per_day": limit, "changed_at": func.now()}
        statement = insert(UserQuotaRow).values(user_id=user_id, **values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))

    async def delete_before(self, today: date) -> None:
        """Delete the counts of earlier days, so that nothing is kept for longer than it is needed."""
        for row in _TABLES:
            await self._session.execute(delete(row).where(row.day < today - timedelta(days=1)))


def _counts_of_users(ids: Collection[str], day: date) -> Executable:
    counted = select(UserPiecesRow).where(UserPiecesRow.subject.in_(ids), UserPiecesRow.day == day).subquery()
    quotas = select(UserQuotaRow).where(UserQuotaRow.user_id.in_(ids)).subquery()
    subject = func.coalesce(counted.c.user_id, quotas.c.user_id)
    both = counted.join(quotas, counted.c.user_id == quotas.c.user_id, full=True)
    return select(subject, func.coalesce(counted.c.pieces, 0), quotas.c.max_pieces_per_day).select_from(both)


def _counts_of_networks(networks: Collection[str], day: date) -> Executable:
    row = NetworkPiecesRow
    return select(row.subject, row.pieces, null()).where(row.subject.in_(networks), row.day == day)


def _table(owner: Owner) -> type[UserPiecesRow] | type[NetworkPiecesRow]:
    return NetworkPiecesRow if owner.id is None else UserPiecesRow


def _subject(owner: Owner) -> str:
    return owner.network if owner.id is None else owner.id
