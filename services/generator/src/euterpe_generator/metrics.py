"""What the generator tells Prometheus, under names that operators of inference servers look for."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from euterpe_generator.domain.generation import Generation

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The generator's counters, gauges and histograms."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._running = Gauge(
            "euterpe_generator_requests_running", "Generations that hold a slot of the engine.", registry=registry
        )
        self._waiting = Gauge(
            "euterpe_generator_requests_waiting", "Claimed generations that wait for a slot.", registry=registry
        )
        self._queue_time = Histogram(
            "euterpe_generator_queue_time_seconds",
            "Time from the order to the first claim.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._latency = Histogram(
            "euterpe_generator_e2e_latency_seconds",
            "Time from the order to the end.",
            ["model"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._ended = Counter(
            "euterpe_generator_generations_total", "Generations ended.", ["model", "status"], registry=registry
        )
        self._leases = Counter(
            "euterpe_generator_lease_expiries_total", "Leases of dead workers that ran out.", registry=registry
        )

    def watch_load(self, load: Callable[[], tuple[int, int]]) -> None:
        """Reads the gauges from `load`, which gives (running, waiting), at each scrape."""
        self._running.set_function(lambda: load()[0])
        self._waiting.set_function(lambda: load()[1])

    def claimed(self, generation: Generation) -> None:
        """Counts a generation's time in the queue, at its first claim."""
        if generation.attempt == 1 and generation.started_at is not None:
            self._queue_time.observe((generation.started_at - generation.created_at).total_seconds())

    def ended(self, generation: Generation) -> None:
        """Counts a generation that ended here."""
        self._ended.labels(generation.model, generation.status.value).inc()
        if generation.finished_at is not None:
            seconds = (generation.finished_at - generation.created_at).total_seconds()
            self._latency.labels(generation.model).observe(seconds)

    def lease_expired(self, generation: Generation) -> None:
        """Counts a lease that ran out, and the end of a generation that was given up for it."""
        self._leases.inc()
        if generation.status.ended:
            self.ended(generation)
