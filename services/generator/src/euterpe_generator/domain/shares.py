"""Limits and shares of the classes of users."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from euterpe_generator.domain.generation import UserClass

#: Cost of a piece in the fair queue: a registered user has twice the turns of a guest, and four times those of an
#: anonymous network.
TURN_COSTS: Final[Mapping[UserClass, int]] = MappingProxyType(
    {UserClass.REGISTERED: 1, UserClass.GUEST: 2, UserClass.ANONYMOUS: 4}
)


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """Limits of one class of users.

    `max_unfinished` limits the unfinished generations of one principal, `max_unfinished_per_network` those of all
    principals of the class in one network. `guaranteed_share` is the part of the queue, from 0 to 1, that the class has
    even while other classes fill the queue. `max_per_day` limits the pieces that one principal requests in a day; None
    is no limit.
    """

    max_unfinished: int
    max_unfinished_per_network: int
    guaranteed_share: float
    max_per_day: int | None = None
