"""When a worker's pod counts as idle."""

from typing import Any

import httpx
from euterpe_generator.worker.idleness import BUSY_COST, IDLE_COST, IDLE_SECONDS, IdlenessReporter


class Cluster:
    """A worker that is busy or not, and the costs that were written; the next `failures` writes fail."""

    def __init__(self) -> None:
        self.is_busy = False
        self.costs: list[int] = []
        self.failures = 0

    async def set_cost(self, cost: int) -> None:
        if self.failures:
            self.failures -= 1
            raise httpx.ConnectError("no route to host")
        self.costs.append(cost)


async def test_the_cost_is_lowered_after_a_while_without_pieces_and_raised_at_once(manual_clock: Any) -> None:
    cluster = Cluster()
    reporter = IdlenessReporter(lambda: cluster.is_busy, cluster.set_cost, manual_clock)
    for is_busy, seconds, written in [
        (False, 0, []),
        (False, IDLE_SECONDS - 1, []),
        (False, 1, [IDLE_COST]),
        (False, 1000, [IDLE_COST]),
        (True, 1, [IDLE_COST, BUSY_COST]),
        # The time between two pieces.
        (False, 1, [IDLE_COST, BUSY_COST]),
        (True, 1, [IDLE_COST, BUSY_COST]),
        (False, 1, [IDLE_COST, BUSY_COST]),
        (False, IDLE_SECONDS, [IDLE_COST, BUSY_COST, IDLE_COST]),
    ]:
        manual_clock.skip(seconds)
        cluster.is_busy = is_busy
        await reporter.turn()
        assert cluster.costs == written
    # A scale-down prefers the lower one.
    assert IDLE_COST < BUSY_COST


async def test_a_failed_write_is_repeated_later_and_not_every_second(manual_clock: Any) -> None:
    cluster = Cluster()
    cluster.failures = 1
    reporter = IdlenessReporter(lambda: True, cluster.set_cost, manual_clock)
    for _ in range(30):
        manual_clock.skip(1)
        await reporter.turn()
    assert cluster.costs == []
    manual_clock.skip(60)
    await reporter.turn()
    assert cluster.costs == [BUSY_COST]
