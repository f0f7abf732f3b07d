"""Limits of rendering for users and networks."""

from collections.abc import Mapping
from dataclasses import dataclass

from euterpe_converter.domain.requester import UserClass


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
