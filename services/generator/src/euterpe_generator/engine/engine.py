"""The engine's thread: runs one scheduler per model outside the event loop."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import structlog

from euterpe_generator.engine.request import Failed, Request, Update
from euterpe_generator.engine.scheduler import Scheduler

log = structlog.get_logger(__name__)


class Engine:
    """Accepts requests from any thread and delivers updates from its own.

    `deliver` is called on the engine's thread with the updates of one step; it must return at once and not raise.
    An exception of a scheduler ends the requests that it concerns with Failed, never the thread.
    """

    def __init__(self, deliver: Callable[[list[Update]], None]) -> None:
        self._schedulers: dict[str, Scheduler] = {}
        self._deliver = deliver
        self._inbox: deque[Callable[[], list[Update]]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def check(self) -> None:
        """Raise RuntimeError if the thread has ended."""
        if not self._thread.is_alive():
            raise RuntimeError("the engine's thread has ended")

    def stop(self, timeout_seconds: float) -> None:
        """End the thread after its current step; unfinished requests stay unfinished."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout_seconds)

    def set_schedulers(self, schedulers: Mapping[str, Scheduler]) -> None:
        """Replace the schedulers that are run; only an idle one may be left out."""
        # A new dict, because the thread may be iterating over the old one.
        self._schedulers = dict(schedulers)

    def submit(self, model: str, request: Request) -> None:
        """Queue a request for a model. Raises KeyError if the model is not loaded."""
        scheduler = self._schedulers[model]

        def submit() -> list[Update]:
            try:
                scheduler.submit(request)
            except Exception as error:  # noqa: BLE001 - a request out of range must not end the thread
                return [Failed(request.id, str(error))]
            return []

        self._post(submit)

    def cancel(self, model: str, request_id: str) -> None:
        """Cancel a request; it ends with Cancelled, unless it finishes first."""
        scheduler = self._schedulers[model]
        self._post(lambda: scheduler.cancel(request_id))

    def watch(self, model: str, request_id: str) -> None:
        """Deliver the request's events after each step, as Advanced. No effect on a request that has ended."""
        scheduler = self._schedulers[model]
        self._post(lambda: scheduler.watch(request_id))

    def progress(self) -> Future[dict[str, int]]:
        """Return the steps done of each request that has a slot, as of the next step boundary."""
        answer: Future[dict[str, int]] = Future()

        def collect() -> list[Update]:
            steps: dict[str, int] = {}
            for scheduler in self._schedulers.values():
                steps |= scheduler.progress()
            answer.set_result(steps)
            return []

        self._post(collect)
        return answer

    def _post(self, command: Callable[[], list[Update]]) -> None:
        with self._wake:
            self._inbox.append(command)
            self._wake.notify()

    def _run(self) -> None:
        while self._wait_for_work():
            updates = self._drain_inbox()
            for scheduler in self._schedulers.values():
                if not scheduler.idle:
                    updates += _step(scheduler)
            if updates:
                self._deliver(updates)

    def _wait_for_work(self) -> bool:
        with self._wake:
            self._wake.wait_for(self._has_work)
            return not self._stopping

    def _has_work(self) -> bool:
        busy = any(not scheduler.idle for scheduler in self._schedulers.values())
        return self._stopping or bool(self._inbox) or busy

    def _drain_inbox(self) -> list[Update]:
        updates: list[Update] = []
        while self._inbox:
            updates += self._inbox.popleft()()
        return updates


def _step(scheduler: Scheduler) -> list[Update]:
    try:
        return scheduler.step()
    except Exception as error:
        log.exception("scheduler_failed")
        return scheduler.fail_all(str(error))
