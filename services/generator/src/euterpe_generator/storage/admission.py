"""Orders to be enqueued, many in one statement."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from euterpe_generator.domain.generation import Owner
from euterpe_generator.domain.requests import Order
from euterpe_generator.domain.shares import TURN_COSTS


@dataclass(frozen=True, slots=True)
class Admission:
    """An order with its owner, and the limits of unfinished generations of the owner and of its network.

    The network's limit is for all users of the owner's class in the network; None is no limit.
    """

    owner: Owner
    order: Order
    max_unfinished: int
    max_unfinished_per_network: int | None = None


@dataclass(frozen=True, slots=True)
class UnfinishedCounts:
    """Unfinished generations by the owner's key, and by network and class of users."""

    owners: Mapping[str, int]
    networks: Mapping[tuple[str, str], int]

    def fitting(self, admissions: Sequence[Admission]) -> list[Admission]:
        """Return the orders that stay within their limits, each after those before it that do."""
        owners, networks = Counter(self.owners), Counter(self.networks)
        accepted = []
        for one in admissions:
            owner, network, count = one.owner.key, _network_of(one.owner), one.order.count
            limit = one.max_unfinished_per_network if one.owner.network else None
            has_room = limit is None or networks[network] + count <= limit
            if has_room and owners[owner] + count <= one.max_unfinished:
                owners[owner] += count
                networks[network] += count
                accepted.append(one)
        return accepted


def _network_of(owner: Owner) -> tuple[str, str]:
    return owner.network, owner.user_class.value


def admission_rows(admissions: Sequence[Admission]) -> Iterator[dict[str, Any]]:
    """Yield one row per piece.

    `turn_offset` is the distance of a piece from its owner's first turn in this batch, by the costs in between.
    `count` is the number of the owner's pieces in the batch up to the end of the order, and `network_count` that of the
    owner's class in its network.
    """
    offsets: dict[tuple[str, bool], int] = {}
    first_costs: dict[tuple[str, bool], int] = {}
    counts: Counter[str] = Counter()
    network_counts: Counter[tuple[str, str]] = Counter()
    for admission in admissions:
        owner, order = admission.owner, admission.order
        counts[owner.key] += order.count
        network = _network_of(owner)
        network_counts[network] += order.count
        queue = (owner.key, order.background)
        cost = order.cost * TURN_COSTS[owner.user_class]
        first_costs.setdefault(queue, cost)
        for variation, item in enumerate(order.items):
            offsets[queue] = offsets[queue] + cost if queue in offsets else 0
            model, version = item.model or (order.model, order.model_version)
            yield {
                "id": str(item.id),
                "order_id": str(order.id),
                "variation": variation,
                "listener_key": owner.key,
                "user_class": owner.user_class.value,
                "network": owner.network or None,
                "owner_id": owner.id,
                "owner_name": owner.name,
                "model": model,
                "model_version": version,
                "seed": item.seed,
                "length": item.length,
                "parameters": dict(item.parameters),
                "prompt": item.prompt and item.prompt.to_dict(),
                "title": item.title,
                "title_language": item.title_language,
                "remix_of": item.remix_of and str(item.remix_of),
                "label": item.label,
                "estimate": item.estimate and asdict(item.estimate),
                "background": order.background,
                "first_cost": first_costs[queue],
                "turn_offset": offsets[queue],
                "count": counts[owner.key],
                "max_unfinished": admission.max_unfinished,
                "network_count": network_counts[network],
                "max_network_unfinished": admission.max_unfinished_per_network,
            }
