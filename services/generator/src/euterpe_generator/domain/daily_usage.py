"""How many pieces a principal has requested on a day."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from euterpe_service_kit.rate_limit import Quota

_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """Pieces that an account, or all anonymous users of a network, requested on a day (UTC)."""

    day: date
    pieces: int

    @property
    def resets_at(self) -> datetime:
        """When the count starts again."""
        return datetime.combine(self.day + timedelta(days=1), time(), UTC)

    def reset_seconds(self, now: datetime | None = None) -> int:
        """Return the seconds until the count starts again, at least 1."""
        return max(1, math.ceil((self.resets_at - (now or datetime.now(UTC))).total_seconds()))

    def remaining(self, limit: int) -> int:
        """Return how many more pieces may be requested on the day."""
        return self.quota(limit).remaining

    def quota(self, limit: int) -> Quota:
        """Return the quota for headers."""
        return Quota("pieces", limit, self.pieces, _DAY_SECONDS, self.reset_seconds())
