"""Background loops: failures are counted, loops continue, and readiness reports broken loops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
from euterpe_service_kit import background
from euterpe_service_kit.background import BROKEN_AFTER, BackgroundLoops, LoopFailed
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.health import Readiness
from prometheus_client import CollectorRegistry
from structlog.testing import CapturingLogger


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(background, "MAX_PAUSE_SECONDS", 0.002)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def loops(registry: CollectorRegistry) -> AsyncIterator[BackgroundLoops]:
    supervised = BackgroundLoops("test", registry, Readiness())
    yield supervised
    await supervised.stop()


def failures(registry: CollectorRegistry, loop: str, kind: str) -> float | None:
    return registry.get_sample_value("euterpe_test_loop_failures_total", {"loop": loop, "kind": kind})


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_loop_continues_after_an_unexpected_error(loops: BackgroundLoops, registry: CollectorRegistry) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns == 2:
            raise KeyError("a row that cannot be decoded")

    with patch.object(background, "log", CapturingLogger()) as log:
        loops.start("claim", turn)
        await until(lambda: turns > 5)
    [logged] = log.calls
    assert (logged.method_name, logged.args, logged.kwargs["loop"]) == ("error", ("loop_failed",), "claim")
    assert repr(logged.kwargs["exc_info"]) == "KeyError('a row that cannot be decoded')"
    assert failures(registry, "claim", "unexpected") == 1
    await loops.check()


async def test_loop_that_keeps_failing_is_not_ready_until_it_works_again(
    loops: BackgroundLoops, registry: CollectorRegistry
) -> None:
    is_broken = True

    async def turn() -> None:
        if is_broken:
            raise ValueError

    loops.start("sweep", turn)
    await until(lambda: (failures(registry, "sweep", "unexpected") or 0) >= BROKEN_AFTER)
    with pytest.raises(LoopFailed, match="sweep"):
        await loops.check()
    is_broken = False
    await asyncio.sleep(0.05)
    await loops.check()


async def test_unavailable_dependency_is_not_an_unexpected_error(
    loops: BackgroundLoops, registry: CollectorRegistry
) -> None:
    async def turn() -> None:
        raise Unavailable("The object store does not respond.")

    loops.start("renew", turn)
    await until(lambda: (failures(registry, "renew", "unavailable") or 0) > BROKEN_AFTER)
    assert failures(registry, "renew", "unexpected") == 0
    await loops.check()


async def test_ended_loop_is_not_ready(loops: BackgroundLoops) -> None:
    async def turn() -> None:
        raise asyncio.CancelledError

    loops.start("publish", turn)
    await asyncio.sleep(0.01)
    with pytest.raises(LoopFailed, match="publish"):
        await loops.check()


async def test_readyz_names_the_check(registry: CollectorRegistry) -> None:
    readiness = Readiness()
    supervised = BackgroundLoops("test", registry, readiness)

    async def turn() -> None:
        raise asyncio.CancelledError

    supervised.start("x", turn)
    await asyncio.sleep(0.01)
    assert await readiness.report() == {"loops": "LoopFailed"}
    await supervised.stop()


async def test_stalled_turn_is_reported_once_and_not_ready_until_it_ends(
    loops: BackgroundLoops, registry: CollectorRegistry
) -> None:
    release = asyncio.Event()

    async def wait_for_what_never_comes() -> None:
        await release.wait()

    async def turn() -> None:
        if not release.is_set():
            await wait_for_what_never_comes()
        await asyncio.sleep(0.001)

    with patch.object(background, "log", CapturingLogger()) as log:
        loops.start("erasure", turn, turn_seconds=0.05)
        await loops.check()
        await until(lambda: failures(registry, "erasure", "stalled"))
        with pytest.raises(LoopFailed, match="erasure"):
            await loops.check()
        await asyncio.sleep(0.1)
    [logged] = log.calls
    assert (logged.method_name, logged.args, logged.kwargs["loop"]) == ("error", ("loop_stalled",), "erasure")
    assert any("wait_for_what_never_comes" in place for place in logged.kwargs["waits_at"])
    assert failures(registry, "erasure", "stalled") == 1
    release.set()
    await asyncio.sleep(0.05)
    await loops.check()


async def test_turns_within_their_limit_are_not_stalled(loops: BackgroundLoops, registry: CollectorRegistry) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        turns += 1
        await asyncio.sleep(0.01)

    loops.start("renew", turn, turn_seconds=2)
    await until(lambda: turns > 10)
    assert failures(registry, "renew", "stalled") == 0


async def test_a_turn_that_drops_its_cancellation_is_the_last_one(loops: BackgroundLoops) -> None:
    """As `asyncio.wait_for` of Python 3.11 does when its result arrives at the same time."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        turns += 1
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

    loops.start("mails", turn)
    await until(lambda: turns == 1)
    async with asyncio.timeout(60):
        await loops.stop()
    assert turns == 1
