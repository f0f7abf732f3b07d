"""How many pieces a principal has requested on a day, and may request."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from euterpe_service_kit.rate_limit import Quota

_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """Pieces that an account, or all anonymous users of a network, requested on a day (UTC).

    `limit` is None if there is none; then pieces are not counted. `has_own_limit`: an operator set it for the account.
    """

    day: date
    pieces: int
    limit: int | None
    has_own_limit: bool = False

    @property
    def resets_at(self) -> datetime:
        """When the count starts again."""
        return datetime.combine(self.day + timedelta(days=1), time(), UTC)

    @property
    def quota(self) -> Quota | None:
        """The quota for headers; None without a limit."""
        if self.limit is None:
            return None
        reset = max(1, math.ceil((self.resets_at - datetime.now(UTC)).total_seconds()))
        return Quota("pieces", self.limit, self.pieces, _DAY_SECONDS, reset)

    def fits(self, pieces: int) -> bool:
        """Whether so many more pieces may be requested."""
        return self.limit is None or self.pieces + pieces <= self.limit
