"""Maintenance that every worker does once a second for the deployment: expired leases, reports and clean-up."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from euterpe_service_kit.database import Database

from euterpe_generator.domain.generation import Generation
from euterpe_generator.metrics import Metrics
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.storage.changes import QUEUE, ChangeFeed
from euterpe_generator.storage.daily_pieces import DailyPiecesRepository
from euterpe_generator.storage.generations import GenerationRepository
from euterpe_generator.storage.idempotency_keys import IdempotencyKeyRepository
from euterpe_generator.storage.listening import ListeningRepository
from euterpe_generator.storage.workers import WorkerRepository
from euterpe_generator.worker.queue_bounds import QueueBounds
from euterpe_generator.worker.throughput import ThroughputMeter

log = structlog.get_logger(__name__)

_CRASHED = "The generation failed because its worker stopped {} times while composing it."
_KEY_LIFETIME = timedelta(hours=24)
_CLEAN_UP_SECONDS = 600.0
#: The queue is counted up to here, to keep the count cheap.
_MAX_COUNTED = 20_000
#: Time after an outage in which expired leases do not count as crashes.
_AFTER_OUTAGE_SECONDS = 3.0
#: Workers that have not reported for longer are considered gone.
_RECENT = timedelta(seconds=60)
#: Expired leases of generations that were claimed lately are looked for once a second, all others at every tenth sweep:
#: while anything holds an old snapshot, the index keeps an entry for every generation that has run since.
_LATELY = timedelta(seconds=60)
_FULL_EVERY = 10


class Sweeper:
    """Any number of processes may sweep at the same time."""

    def __init__(
        self,
        database: Database,
        changes: ChangeFeed,
        catalogue: Catalogue,
        metrics: Metrics,
        throughput: ThroughputMeter,
        *,
        worker_id: str,
        max_attempts: int,
        lease: timedelta,
        model_patience: timedelta,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._changes = changes
        self._catalogue = catalogue
        self._metrics = metrics
        self._throughput = throughput
        self._worker_id = worker_id
        self._max_attempts = max_attempts
        self._lease = lease
        self._clock = clock
        self._swept_at: float | None = None
        self._counts_from = float("-inf")
        self._model_patience = model_patience
        self._next_clean_up = 0.0
        self._bounds = QueueBounds()
        self._sweeps = -1

    async def sweep(self) -> None:
        """Expire leases, report this worker, and count the queue; clean up every ten minutes."""
        self._sweeps += 1
        failure = _CRASHED.format(self._max_attempts)
        async with self._database.sessions.begin() as session:
            generations = GenerationRepository(session)
            is_full = self._sweeps % _FULL_EVERY == 0
            expired = await generations.expire_leases(
                max_attempts=self._max_attempts,
                failure=failure,
                lease=self._lease,
                counts=self._sweeps_regularly(),
                started_within=None if is_full else _LATELY,
            )
            await self._bounds.update(session)
            models, throughput = self._catalogue.loaded(), self._throughput.per_second()
            await WorkerRepository(session).report(self._worker_id, models=models, ended_per_second=throughput)
            depth = await generations.count_queued(at_most=_MAX_COUNTED)
        self._metrics.queue_depth(depth.total)
        for generation in expired:
            log.warning("lease_expired", generation=str(generation.id), status=generation.status.value)
            self._metrics.lease_expired(generation)
            self._changes.announce(str(generation.id))
        if expired:
            self._changes.announce(QUEUE)
        self._swept_at = self._clock()
        if self._clock() >= self._next_clean_up:
            self._next_clean_up = self._clock() + _CLEAN_UP_SECONDS
            await self.clean_up()

    def _sweeps_regularly(self) -> bool:
        """Whether no outage has prevented sweeps, and so renewals of leases, in the recent past.

        After a pause of half a lease, leases of living workers may have expired; they have a moment to report. A
        process that has just started knows of no outage: otherwise the crashes of a single worker would never count.
        """
        now = self._clock()
        if self._swept_at is not None and now - self._swept_at > self._lease.total_seconds() / 2:
            self._counts_from = now + _AFTER_OUTAGE_SECONDS
        return now >= self._counts_from

    async def clean_up(self) -> None:
        """Delete expired keys and pairs and silent workers, and fail generations whose model no worker has loaded."""
        async with self._database.maintenance.begin() as session:
            await IdempotencyKeyRepository(session).delete_expired(lifetime=_KEY_LIFETIME)
            await DailyPiecesRepository(session).delete_before(datetime.now(UTC).date())
            await ListeningRepository(session).delete_unanswered()
            await WorkerRepository(session).delete_stale(recent=_RECENT)
            failed: list[Generation] = await GenerationRepository(session).fail_unserved(patience=self._model_patience)
        for generation in failed:
            log.warning("model_not_served", generation=str(generation.id), failure=generation.failure)
            self._metrics.ended(generation)
            self._changes.announce(str(generation.id))
