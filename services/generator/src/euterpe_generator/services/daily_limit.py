"""Limit of the pieces that one account, or the anonymous users of one network, request in a day (UTC)."""

from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.daily_usage import DailyUsage
from euterpe_generator.domain.generation import Owner, UserClass
from euterpe_generator.domain.shares import ClassLimits
from euterpe_generator.errors import DailyQuotaReached, NetworkQuotaReached
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.daily_pieces import DailyPiecesRepository

_MAX_KNOWN: Final = 10_000

Refusal = DailyQuotaReached | NetworkQuotaReached


def today() -> date:
    """Return the day by which pieces are counted."""
    return datetime.now(UTC).date()


class DailyLimit:
    """The limits by class, and the latest counts that this process has read."""

    def __init__(self, classes: Mapping[UserClass, ClassLimits]) -> None:
        self._classes = classes
        self._known: OrderedDict[str, DailyUsage] = OrderedDict()

    def begin(self, session: AsyncSession) -> "DailyAdmissions":
        """Begin a batch of admissions in a transaction."""
        return DailyAdmissions(self, session)

    async def usage(self, session: AsyncSession, owners: Collection[Owner], day: date) -> dict[str, DailyUsage]:
        """Return what owners have requested on a day, by their keys."""
        counts = await DailyPiecesRepository(session).counts(owners, day)
        found = {}
        for owner in owners:
            count, of_class = counts[owner.key], self._classes[owner.user_class].max_per_day
            limit = of_class if count.own_limit is None else count.own_limit or None
            found[owner.key] = DailyUsage(day, count.pieces, limit, count.own_limit is not None)
        return found

    def known(self, owner: Owner) -> DailyUsage | None:
        """Return what an owner has requested today as of the last admission in this process, without a query."""
        usage = self._known.get(owner.key)
        return usage if usage is not None and usage.day == today() else None

    def learn(self, owner: Owner, usage: DailyUsage) -> None:
        """Keep a count for `known`."""
        self._known[owner.key] = usage
        self._known.move_to_end(owner.key)
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)


class DailyAdmissions:
    """Admissions of one batch. Processes that count at the same moment can exceed the limit by one batch."""

    def __init__(self, limits: DailyLimit, session: AsyncSession) -> None:
        self._limits = limits
        self._session = session
        self._day = today()
        self._usage: dict[str, DailyUsage] = {}

    async def refusals(self, admissions: Sequence[Admission]) -> list[Refusal | None]:
        """Return the error of each admission that exceeds its limit."""
        owners = {one.owner.key: one.owner for one in admissions}
        self._usage = await self._limits.usage(self._session, owners.values(), self._day)
        refusals: list[Refusal | None] = []
        for one in admissions:
            usage = self._usage[one.owner.key]
            fits = usage.fits(one.order.count)
            refusals.append(None if fits else _refusal(one.owner, usage))
            if fits:
                self._usage[one.owner.key] = replace(usage, pieces=usage.pieces + one.order.count)
        for key, owner in owners.items():
            self._limits.learn(owner, self._usage[key])
        return refusals

    async def count(self, accepted: Sequence[Admission]) -> None:
        """Count the admissions that were accepted, as far as they are limited."""
        counts: Counter[Owner] = Counter()
        for one in accepted:
            if self._usage[one.owner.key].limit is not None:
                counts[one.owner] += one.order.count
        await DailyPiecesRepository(self._session).add(counts, self._day)


def _refusal(owner: Owner, usage: DailyUsage) -> Refusal:
    if owner.user_class is UserClass.ANONYMOUS:
        return NetworkQuotaReached(usage)
    return DailyQuotaReached(usage, is_guest=owner.user_class is UserClass.GUEST)
