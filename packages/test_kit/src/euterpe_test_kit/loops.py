"""Tests of background loops: make them fail, and read how often they failed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import httpx
from euterpe_service_kit import background


@contextmanager
def failing(owner: type, method: str, is_failing: Callable[[int], bool]) -> Iterator[None]:
    """Make those calls of a loop's turn raise whose number, from 1, `is_failing` selects; pauses are short."""
    original, calls = getattr(owner, method), 0

    async def call(self: Any) -> None:
        nonlocal calls
        calls += 1
        if is_failing(calls):
            raise KeyError("killed by the test")
        await original(self)

    with patch.object(owner, method, call), patch.object(background, "FIRST_PAUSE_SECONDS", 0.01):
        yield


async def wait_for_failures(client: httpx.AsyncClient, service: str, loop: str, count: int) -> None:
    """Wait until the service has counted this many unexpected failures of a loop."""
    wanted = f'euterpe_{service}_loop_failures_total{{kind="unexpected",loop="{loop}"}} '
    async with asyncio.timeout(20):
        while True:
            lines = (await client.get("/metrics")).text.splitlines()
            if sum(float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted)) >= count:
                return
            await asyncio.sleep(0.02)


async def is_broken(client: httpx.AsyncClient) -> bool:
    """Whether `/readyz` says that a loop does not work."""
    answer = await client.get("/readyz")
    return answer.status_code == 503 and answer.json()["loops"] == "LoopFailed"
