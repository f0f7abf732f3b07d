"""Orders to be enqueued, many in one statement."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from euterpe_generator.domain.generation import Owner
from euterpe_generator.domain.requests import Order


@dataclass(frozen=True, slots=True)
class Admission:
    """An order with its owner, and the owner's limit of unfinished generations."""

    owner: Owner
    order: Order
    max_unfinished: int


def admission_rows(admissions: Sequence[Admission]) -> Iterator[dict[str, Any]]:
    """Yield one row per piece.

    `turn_offset` is the distance of a piece from its owner's first turn in this batch, by the costs in between.
    `count` is the number of the owner's pieces in the batch up to the end of the order.
    """
    offsets: dict[tuple[str, bool], int] = {}
    first_costs: dict[tuple[str, bool], int] = {}
    counts: Counter[str] = Counter()
    for admission in admissions:
        owner, order = admission.owner, admission.order
        counts[owner.key] += order.count
        queue = (owner.key, order.background)
        first_costs.setdefault(queue, order.cost)
        for variation, item in enumerate(order.items):
            offsets[queue] = offsets[queue] + order.cost if queue in offsets else 0
            yield {
                "id": str(item.id),
                "order_id": str(order.id),
                "variation": variation,
                "listener_key": owner.key,
                "owner_id": owner.id,
                "owner_name": owner.name,
                "model": order.model,
                "model_version": order.model_version,
                "seed": item.seed,
                "length": item.length,
                "parameters": dict(item.parameters),
                "prompt": item.prompt and item.prompt.to_dict(),
                "title": item.title,
                "title_language": item.title_language,
                "label": item.label,
                "estimate": item.estimate and asdict(item.estimate),
                "background": order.background,
                "first_cost": first_costs[queue],
                "turn_offset": offsets[queue],
                "count": counts[owner.key],
                "max_unfinished": admission.max_unfinished,
            }
