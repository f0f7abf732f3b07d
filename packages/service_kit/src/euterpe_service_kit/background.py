"""Background loops of a service under one supervisor.

A loop that ends or fails must not go unnoticed: an unexpected error is logged with its trace and counted, the loop
continues after a pause, and `/readyz` fails while a loop keeps failing or has ended. The same holds for a turn that
takes longer than its limit: it is logged with the place where it waits and counted, and `/readyz` fails until it ends.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter

from euterpe_service_kit.health import Readiness
from euterpe_service_kit.outages import is_outage

log = structlog.get_logger(__name__)

Turn = Callable[[], Awaitable[None]]

#: Unexpected errors in a row after which a loop counts as broken.
BROKEN_AFTER: Final = 3
FIRST_PAUSE_SECONDS: Final = 0.5
MAX_PAUSE_SECONDS: Final = 30.0
#: Limit of a turn of a loop that names none.
TURN_SECONDS: Final = 120.0
#: Limit of a turn that does an unknown amount of work: sweeps of all objects or rows, downloads of models.
LONG_TURN_SECONDS: Final = 3600.0
_MAX_PLACES: Final = 20


class LoopFailed(RuntimeError):
    """A background loop that fails again and again, is stalled or has ended; `/readyz` shows its name."""


@dataclass(slots=True)
class _Loop:
    task: asyncio.Task[None] | None = None
    failures: int = 0
    is_stalled: bool = False
    is_stopped: bool = False


class BackgroundLoops:
    """Runs the loops of one process. Readiness has a check named `loops`.

    A turn that fails because a dependency is unavailable is logged as a warning and repeated; the check of that
    dependency reports it. Any other exception is a fault of ours: it is logged with its trace, counted in
    `euterpe_<service>_loop_failures_total`, and repeated after pauses that double up to `MAX_PAUSE_SECONDS`.
    """

    def __init__(self, service: str, registry: CollectorRegistry, readiness: Readiness) -> None:
        self._loops: dict[str, _Loop] = {}
        self._failures = Counter(
            f"euterpe_{service}_loop_failures_total",
            "Turns of background loops that failed, by loop and kind (unavailable, unexpected or stalled).",
            ["loop", "kind"],
            registry=registry,
        )
        readiness.add("loops", self.check)

    def start(
        self, name: str, turn: Turn, *, interval_seconds: float = 0.0, turn_seconds: float = TURN_SECONDS
    ) -> None:
        """Repeat `turn` until `stop`, with `interval_seconds` between the end of a turn and the next.

        A turn that has not ended after `turn_seconds` counts as stalled.
        """
        assert name not in self._loops, f"the loop {name} runs already"
        for kind in ("unavailable", "unexpected", "stalled"):
            self._failures.labels(name, kind)
        loop = self._loops[name] = _Loop()
        loop.task = asyncio.create_task(
            self._run(name, loop, turn, interval_seconds, turn_seconds), name=f"loop-{name}"
        )

    async def stop(self, *names: str) -> None:
        """Cancel the named loops, by default all, and wait for their ends. `check` no longer covers them."""
        stopped = [self._loops.pop(name) for name in names or list(self._loops) if name in self._loops]
        tasks = [loop.task for loop in stopped if loop.task]
        for loop in stopped:
            loop.is_stopped = True
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def check(self) -> None:
        """Raise LoopFailed while a loop has ended, is stalled or keeps failing."""
        broken = [
            name
            for name, loop in self._loops.items()
            if loop.failures >= BROKEN_AFTER or loop.is_stalled or loop.task is None or loop.task.done()
        ]
        if broken:
            raise LoopFailed(f"background loops that do not work: {', '.join(broken)}")

    async def _run(self, name: str, loop: _Loop, turn: Turn, interval_seconds: float, turn_seconds: float) -> None:
        clock = asyncio.get_running_loop()
        # Python 3.11 drops a cancellation that meets the end of `asyncio.wait_for`; the turn then ends by itself.
        while not loop.is_stopped:
            alarm = clock.call_later(turn_seconds, self._report_stall, name, loop, turn_seconds)
            try:
                try:
                    await turn()
                finally:
                    alarm.cancel()
                    loop.is_stalled = False
            except Exception as error:  # noqa: BLE001 - whatever a turn raises, the loop continues
                await self._pause(name, loop, error)
            else:
                loop.failures = 0
                await asyncio.sleep(interval_seconds)

    def _report_stall(self, name: str, loop: _Loop, turn_seconds: float) -> None:
        loop.is_stalled = True
        self._failures.labels(name, "stalled").inc()
        log.error("loop_stalled", loop=name, limit_seconds=turn_seconds, waits_at=_awaited(loop.task))

    async def _pause(self, name: str, loop: _Loop, error: Exception) -> None:
        if is_outage(error):
            self._failures.labels(name, "unavailable").inc()
            log.warning("loop_dependency_unavailable", loop=name, error=repr(error))
            await asyncio.sleep(FIRST_PAUSE_SECONDS)
            return
        loop.failures += 1
        self._failures.labels(name, "unexpected").inc()
        log.error("loop_failed", loop=name, failures_in_a_row=loop.failures, exc_info=error)
        await asyncio.sleep(min(FIRST_PAUSE_SECONDS * 2 ** (loop.failures - 1), MAX_PAUSE_SECONDS))


def _awaited(task: asyncio.Task[None] | None) -> list[str]:
    """Return the chain of coroutines that a task waits in, outermost first."""
    places: list[str] = []
    awaited: Any = task.get_coro() if task else None
    while awaited is not None and len(places) < _MAX_PLACES:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None:
            places.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return places
