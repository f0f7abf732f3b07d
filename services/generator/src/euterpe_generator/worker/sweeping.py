"""What every worker does once a second for all: leases that ran out, the queue's length, and what nobody needs."""

import time
from datetime import timedelta

import structlog
from euterpe_service_kit.database import Database

from euterpe_generator.domain.generation import Generation
from euterpe_generator.metrics import Metrics
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.storage.changes import QUEUE, ChangeFeed
from euterpe_generator.storage.generations import Generations
from euterpe_generator.storage.workers import Workers
from euterpe_generator.worker.throughput import Pace

log = structlog.get_logger(__name__)

_POISON = "The piece was given up, because composing it ended its worker {} times."
_KEY_LIFETIME = timedelta(hours=24)
_TIDY_SECONDS = 600.0
#: The queue is counted no further than this, to keep looking at it cheap.
_DEPTH_COUNTED = 20_000
#: Workers not heard of for longer have no say in which models there are.
_RECENTLY = timedelta(seconds=60)


class Sweeper:
    """Turns are harmless in any number of processes at once."""

    def __init__(
        self,
        database: Database,
        changes: ChangeFeed,
        catalogue: Catalogue,
        metrics: Metrics,
        pace: Pace,
        *,
        worker_id: str,
        max_attempts: int,
        model_patience: timedelta,
    ) -> None:
        self._database = database
        self._changes = changes
        self._catalogue = catalogue
        self._metrics = metrics
        self._pace = pace
        self._worker_id = worker_id
        self._max_attempts = max_attempts
        self._model_patience = model_patience
        self._tidy_at = 0.0

    async def sweep(self) -> None:
        """One turn."""
        failure = _POISON.format(self._max_attempts)
        async with self._database.sessions.begin() as session:
            rows = Generations(session)
            expired = await rows.expire_leases(max_attempts=self._max_attempts, failure=failure)
            models, pace = self._catalogue.loaded(), self._pace.per_second()
            await Workers(session).report(self._worker_id, models=models, ended_per_second=pace)
            queued = await rows.count_queued(at_most=_DEPTH_COUNTED)
        self._metrics.queue_depth(queued.all)
        for generation in expired:
            log.warning("lease_expired", generation=str(generation.id), status=generation.status.value)
            self._metrics.lease_expired(generation)
            self._changes.announce(str(generation.id))
        if expired:
            self._changes.announce(QUEUE)
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + _TIDY_SECONDS
            await self.tidy()

    async def tidy(self) -> list[Generation]:
        """Forgets old keys and silent workers, and gives up what waits for a model that has gone; returns these."""
        async with self._database.sessions.begin() as session:
            await Generations(session).forget_keys(older_than=_KEY_LIFETIME)
            await Workers(session).clean(recent=_RECENTLY)
            abandoned = await Generations(session).abandon(patience=self._model_patience)
        for generation in abandoned:
            log.warning("model_gone", generation=str(generation.id), failure=generation.failure)
            self._metrics.ended(generation)
            self._changes.announce(str(generation.id))
        return abandoned
