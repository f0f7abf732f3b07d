"""The order in which renderers are handed out."""

import asyncio

from euterpe_converter.domain.limits import WorkerLimits
from euterpe_converter.domain.requester import Requester
from euterpe_converter.rendering.fair_workers import FairWorkers

ANNA, BEN = Requester("anna", network="a"), Requester("ben", network="a")
GUEST, OTHER_GUEST = (Requester(name, is_guest=True, network="g") for name in ("one", "two"))
ANONYMOUS = Requester(network="n")


async def _order(limits: WorkerLimits, *requesters: Requester) -> list[Requester]:
    """Return the requesters in the order in which a single renderer, busy at first, serves them."""
    workers, served = FairWorkers(limits), []
    await workers.acquire(BEN)

    async def render(requester: Requester) -> None:
        await workers.acquire(requester)
        served.append(requester)
        await asyncio.sleep(0)
        workers.release(requester)

    tasks = [asyncio.create_task(render(requester)) for requester in requesters]
    await asyncio.sleep(0)
    workers.release(BEN)
    await asyncio.gather(*tasks)
    return served


async def test_a_queue_of_one_network_delays_another_user_by_one_render():
    limits = WorkerLimits(1, 1, 1)
    order = await _order(limits, ANONYMOUS, ANONYMOUS, ANONYMOUS, ANONYMOUS, ANNA)
    assert order == [
        ANONYMOUS,
        ANNA,
        ANONYMOUS,
        ANONYMOUS,
        ANONYMOUS,
    ]


async def test_registered_users_take_turns_one_by_one_and_guests_by_network():
    limits = WorkerLimits(1, 1, 1)
    order = await _order(limits, GUEST, OTHER_GUEST, GUEST, ANNA, ANNA, BEN)
    assert order == [GUEST, ANNA, BEN, OTHER_GUEST, ANNA, GUEST]


async def test_a_principal_has_at_most_its_limit_of_the_renderers():
    workers = FairWorkers(WorkerLimits(4, 2, 3))
    await asyncio.gather(*(workers.acquire(ANNA) for _ in range(2)))
    third = asyncio.create_task(workers.acquire(ANNA))
    await asyncio.sleep(0)
    assert not third.done()
    await workers.acquire(BEN)
    workers.release(ANNA)
    await third


async def test_one_renderer_is_left_to_registered_users():
    workers = FairWorkers(WorkerLimits(2, 2, 1))
    await workers.acquire(ANONYMOUS)
    waiting = asyncio.create_task(workers.acquire(GUEST))
    await asyncio.sleep(0)
    assert not waiting.done()
    await workers.acquire(ANNA)
    workers.release(ANONYMOUS)
    await waiting


async def test_a_cancelled_wait_keeps_no_renderer():
    workers = FairWorkers(WorkerLimits(1, 1, 1))
    await workers.acquire(ANNA)
    waiting = [asyncio.create_task(workers.acquire(BEN)) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    workers.release(ANNA)
    # Granted and cancelled before it has noticed.
    waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(1):
        await workers.acquire(ANONYMOUS)
