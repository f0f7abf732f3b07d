"""Limit of the pieces that anonymous users of one network request in a day, which bounds what is stored for them."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.generation import UserClass
from euterpe_generator.errors import NetworkQuotaReached
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.network_pieces import NetworkPiecesRepository


class DailyLimit:
    """Admissions of one batch. Processes that count at the same moment can exceed the limit by one batch."""

    def __init__(self, session: AsyncSession, limit: int) -> None:
        self._pieces = NetworkPiecesRepository(session)
        self._limit = limit
        self._now = datetime.now(UTC)

    async def refusals(self, admissions: Sequence[Admission]) -> list[NetworkQuotaReached | None]:
        """Return the error of each admission that exceeds the limit."""
        networks = {one.owner.network for one in admissions if _is_counted(one)}
        counts = Counter(await self._pieces.counts(networks, self._now.date()) if networks else {})
        refusals: list[NetworkQuotaReached | None] = []
        for one in admissions:
            exceeds = _is_counted(one) and counts[one.owner.network] + one.order.count > self._limit
            if not exceeds:
                counts[one.owner.network] += one.order.count
            refusals.append(self._refusal() if exceeds else None)
        return refusals

    async def count(self, accepted: Sequence[Admission]) -> None:
        """Count the admissions that were accepted."""
        counts: Counter[str] = Counter()
        for one in accepted:
            if _is_counted(one):
                counts[one.owner.network] += one.order.count
        if counts:
            await self._pieces.add(counts, self._now.date())

    def _refusal(self) -> NetworkQuotaReached:
        midnight = datetime.combine(self._now.date() + timedelta(days=1), time(), UTC)
        return NetworkQuotaReached(self._limit, retry_after_seconds=int((midnight - self._now).total_seconds()) + 1)


def _is_counted(admission: Admission) -> bool:
    return admission.owner.user_class is UserClass.ANONYMOUS
