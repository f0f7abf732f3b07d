"""Limits of rendering for users and networks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from euterpe_service_kit.rate_limit import Quota

from euterpe_converter.domain.requester import UserClass

HOUR_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Renderers in all, at most for one principal, and at most for all users without a registered account."""

    workers: int
    per_principal: int
    unregistered: int


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """Bytes an hour for one principal of each class, and for all principals of one network together."""

    per_principal: Mapping[UserClass, int]
    per_network: int


@dataclass(frozen=True, slots=True)
class BudgetUsage:
    """Bytes of audio that were rendered for a principal, falling evenly by the limit within an hour, and the limit."""

    size_bytes: int
    max_size_bytes: int

    @property
    def quota(self) -> Quota:
        """The quota for headers."""
        reset = math.ceil(self.size_bytes / self.max_size_bytes * HOUR_SECONDS)
        return Quota("audio", self.max_size_bytes, self.size_bytes, HOUR_SECONDS, reset, is_bytes=True)
