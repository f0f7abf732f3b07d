"""Background loops of the service: a failure is counted, the loop goes on, and a broken one is not ready."""

from typing import Any

import pytest
from euterpe_auth.app import create_app
from euterpe_auth.services.housekeeping import Housekeeping
from euterpe_auth.services.outbox import Outbox
from euterpe_service_kit.background import BROKEN_AFTER
from euterpe_service_kit.database_metrics import DatabaseMetrics
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.loops import failing, is_broken, wait_for_failures

LOOPS: dict[str, tuple[type, str]] = {
    "outbox": (Outbox, "deliver"),
    "housekeeping": (Housekeeping, "clean"),
    "database_metrics": (DatabaseMetrics, "read"),
}


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_killed_loop_is_counted_and_goes_on(settings: Any, loop: str) -> None:
    with failing(*LOOPS[loop], lambda call: call in (1, 2)):
        async with running_client(create_app(settings)) as client:
            await wait_for_failures(client, "auth", loop, 2)
            assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_loop_that_keeps_failing_is_not_ready(settings: Any, loop: str) -> None:
    with failing(*LOOPS[loop], lambda _: True):
        async with running_client(create_app(settings)) as client:
            await wait_for_failures(client, "auth", loop, BROKEN_AFTER)
            assert await is_broken(client)
