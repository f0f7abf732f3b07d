"""Orders on their way into the queue, in the form in which one statement takes many."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from euterpe_generator.domain.generation import Listener, Order


@dataclass(frozen=True, slots=True)
class Admission:
    """An order, whose it is, and how many unfinished pieces its listener may have with it."""

    listener: Listener
    order: Order
    most_unfinished: int


def admitted(requests: Sequence[Admission]) -> Iterator[dict[str, Any]]:
    """A row for each piece.

    `ahead` is how far behind its listener's first turn in this batch a piece comes, by what those in between cost;
    `count` how many pieces of the listener's there are in the batch up to the end of its order.
    """
    ahead: dict[tuple[str, bool], int] = {}
    first_cost: dict[tuple[str, bool], int] = {}
    counts: Counter[str] = Counter()
    for request in requests:
        listener, order = request.listener, request.order
        counts[listener.key] += order.count
        line = (listener.key, order.background)
        first_cost.setdefault(line, order.cost)
        for variation, piece in enumerate(order.pieces):
            ahead[line] = ahead[line] + order.cost if line in ahead else 0
            yield {
                "id": str(piece.id),
                "order_id": str(order.id),
                "variation": variation,
                "listener_key": listener.key,
                "owner_id": listener.id,
                "owner_name": listener.name,
                "model": order.model,
                "model_version": order.model_version,
                "seed": piece.seed,
                "length": piece.length,
                "parameters": dict(piece.parameters),
                "prompt": piece.prompt and piece.prompt.to_dict(),
                "title": piece.title,
                "background": order.background,
                "first_cost": first_cost[line],
                "ahead": ahead[line],
                "count": counts[listener.key],
                "most_unfinished": request.most_unfinished,
            }
