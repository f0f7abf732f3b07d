"""The engine's thread: drives one scheduler per model, off the event loop."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import structlog

from euterpe_generator.engine.request import Request, Update
from euterpe_generator.engine.scheduler import Scheduler

log = structlog.get_logger(__name__)


class Engine:
    """Takes requests from any thread and delivers updates from its own.

    `deliver` is called on the engine's thread with the updates of one step; it must return at once and not raise.
    """

    def __init__(self, deliver: Callable[[list[Update]], None]) -> None:
        self._schedulers: dict[str, Scheduler] = {}
        self._deliver = deliver
        self._inbox: deque[Callable[[], list[Update]]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Ends the thread after the step it is in; what is unfinished stays so."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(seconds)

    def use(self, schedulers: Mapping[str, Scheduler]) -> None:
        """Drives these schedulers from now on; only an idle one may be left out."""
        # A new dict, because the thread may be walking over the old one.
        self._schedulers = dict(schedulers)

    def submit(self, model: str, request: Request) -> None:
        """Queues a request for a model. Raises KeyError for a model that is not loaded."""
        scheduler = self._schedulers[model]

        def submit() -> list[Update]:
            scheduler.submit(request)
            return []

        self._post(submit)

    def cancel(self, model: str, request_id: str) -> None:
        """Cancels a request; it ends with Stopped, unless it finishes first."""
        scheduler = self._schedulers[model]
        self._post(lambda: scheduler.cancel(request_id))

    def watch(self, model: str, request_id: str) -> None:
        """Has the request's events delivered as they come, as Advanced; a no-op for one that does not run."""
        scheduler = self._schedulers[model]
        self._post(lambda: scheduler.watch(request_id))

    def progress(self) -> Future[dict[str, int]]:
        """Steps done, for each request that holds a slot, as of the next step boundary."""
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
                    updates += scheduler.step()
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
