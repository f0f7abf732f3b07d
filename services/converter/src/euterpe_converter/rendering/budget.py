"""How many bytes of audio are rendered for a principal and for a network, in the memory of the process (ADR 0008)."""

import math
import time
from collections.abc import Callable
from typing import Final

from euterpe_converter.domain.limits import HOUR_SECONDS, BudgetLimits, BudgetUsage
from euterpe_converter.domain.requester import Requester
from euterpe_converter.errors import RenderBudgetReached

_MAX_KEYS: Final = 50_000


class RenderBudget:
    """Levels that rise with every rendered byte and fall evenly, by the limit within an hour.

    A render is refused while a level is at its limit, so one render may exceed it. Audio from the cache is free.
    """

    def __init__(self, limits: BudgetLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        #: Key → level in bytes, and when it was computed.
        self._levels: dict[str, tuple[float, float]] = {}

    def check(self, requester: Requester) -> None:
        """Raise RenderBudgetReached while the principal or the network has no budget left."""
        for key, limit in self._keys(requester):
            level = self._level(key, limit)
            if level >= limit:
                seconds = max(1, math.ceil((level - limit + 1) / limit * HOUR_SECONDS))
                raise RenderBudgetReached(BudgetUsage(math.ceil(level), limit), retry_after_seconds=seconds)

    def usage(self, requester: Requester) -> BudgetUsage:
        """Return how much of the principal's own budget is used."""
        (key, limit), _ = self._keys(requester)
        return BudgetUsage(math.ceil(self._level(key, limit)), limit)

    def charge(self, requester: Requester, size_bytes: int) -> None:
        """Add the bytes of a render."""
        for key, limit in self._keys(requester):
            self._levels[key] = (self._level(key, limit) + size_bytes, self._clock())
        if len(self._levels) > _MAX_KEYS:
            # The smallest levels are forgotten first.
            kept = sorted(self._levels.items(), key=lambda item: item[1][0])[_MAX_KEYS // 2 :]
            self._levels = dict(kept)

    def _keys(self, requester: Requester) -> list[tuple[str, int]]:
        principal = requester.principal, self._limits.per_principal[requester.user_class]
        return [principal, (f"all of {requester.network}", self._limits.per_network)]

    def _level(self, key: str, limit: int) -> float:
        level, at = self._levels.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - at) * limit / HOUR_SECONDS)
