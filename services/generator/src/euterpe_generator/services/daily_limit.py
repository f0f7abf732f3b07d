"""Limit of the pieces that one account, or the anonymous users of one network, request in a day (UTC)."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
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


def _now() -> datetime:
    return datetime.now(UTC)


class DailyLimit:
    """The limits by class, and the latest counts that this process has read."""

    def __init__(self, classes: Mapping[UserClass, ClassLimits], now: Callable[[], datetime] = _now) -> None:
        self._classes = classes
        self._now = now
        self._known: OrderedDict[str, DailyUsage] = OrderedDict()

    def of(self, owner: Owner) -> int | None:
        """Return the limit of an owner; None if there is none. Without a limit, pieces are not counted."""
        return self._classes[owner.user_class].max_per_day

    def begin(self, session: AsyncSession) -> "DailyAdmissions":
        """Begin a batch of admissions in a transaction."""
        return DailyAdmissions(self, session, self._now().date())

    async def usage(self, session: AsyncSession, owner: Owner) -> DailyUsage:
        """Return what an owner has requested today."""
        day = self._now().date()
        return DailyUsage(day, (await DailyPiecesRepository(session).counts([owner], day))[owner.key])

    def known(self, owner: Owner) -> DailyUsage | None:
        """Return what an owner has requested today as of the last admission in this process, without a query."""
        usage = self._known.get(owner.key)
        return usage if usage is not None and usage.day == self._now().date() else None

    def learn(self, owner: Owner, usage: DailyUsage) -> None:
        """Keep a count for `known`."""
        self._known[owner.key] = usage
        self._known.move_to_end(owner.key)
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)


class DailyAdmissions:
    """Admissions of one batch. Processes that count at the same moment can exceed the limit by one batch."""

    def __init__(self, limits: DailyLimit, session: AsyncSession, day: date) -> None:
        self._limits = limits
        self._pieces = DailyPiecesRepository(session)
        self._day = day

    async def refusals(self, admissions: Sequence[Admission]) -> list[Refusal | None]:
        """Return the error of each admission that exceeds its limit."""
        owners = {one.owner for one in admissions if self._limits.of(one.owner) is not None}
        counts = await self._pieces.counts(owners, self._day)
        refusals: list[Refusal | None] = []
        for one in admissions:
            limit, key = self._limits.of(one.owner), one.owner.key
            exceeds = limit is not None and counts[key] + one.order.count > limit
            refusals.append(self._refusal(one.owner, counts[key], limit) if exceeds and limit is not None else None)
            if not exceeds:
                counts[key] += one.order.count
        for owner in owners:
            self._limits.learn(owner, DailyUsage(self._day, counts[owner.key]))
        return refusals

    async def count(self, accepted: Sequence[Admission]) -> None:
        """Count the admissions that were accepted."""
        counts: Counter[Owner] = Counter()
        for one in accepted:
            if self._limits.of(one.owner) is not None:
                counts[one.owner] += one.order.count
        await self._pieces.add(counts, self._day)

    def _refusal(self, owner: Owner, pieces: int, limit: int) -> Refusal:
        usage = DailyUsage(self._day, pieces)
        if owner.user_class is UserClass.ANONYMOUS:
            return NetworkQuotaReached(usage, limit)
        return DailyQuotaReached(usage, limit, is_guest=owner.user_class is UserClass.GUEST)
