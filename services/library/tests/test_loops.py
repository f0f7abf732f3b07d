"""Background loops of the service: a failure is counted, the loop goes on, and a broken one is not ready."""

from typing import Any

import pytest
from euterpe_library.app import create_app
from euterpe_library.services.erasure import Erasure
from euterpe_library.services.webhooks import Webhooks
from euterpe_library.storage.announcements import Announcements
from euterpe_service_kit.background import BROKEN_AFTER
from euterpe_service_kit.database_metrics import DatabaseMetrics
from euterpe_service_kit.revocations import RevocationList
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.loops import failing, is_broken, wait_for_failures

LOOPS: dict[str, tuple[type, str]] = {
    "announcements": (Announcements, "_check"),
    "database_metrics": (DatabaseMetrics, "read"),
    "erasure": (Erasure, "sweep_all"),
    "webhooks": (Webhooks, "turn"),
    "revocations": (RevocationList, "refresh"),
}


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_killed_loop_is_counted_and_goes_on(settings: Any, loop: str) -> None:
    with failing(*LOOPS[loop], lambda call: call in (1, 2)):
        async with running_client(create_app(settings)) as client:
            await wait_for_failures(client, "library", loop, 2)
            assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_loop_that_keeps_failing_is_not_ready(settings: Any, loop: str) -> None:
    with failing(*LOOPS[loop], lambda _: True):
        async with running_client(create_app(settings)) as client:
            await wait_for_failures(client, "library", loop, BROKEN_AFTER)
            assert await is_broken(client)
